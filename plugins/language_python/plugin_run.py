"""Running a plugin that is itself written in Python: a policy pack, or a provider with a `PulumiPlugin.yaml`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from plugins.language_python.environment import EnvironmentProblem, PythonEnvironment
from plugins.language_python.program import LAUNCH, Command, Program

CHUNK = 65536
PROJECTS = {"analyzer": "PulumiPolicy.yaml"}


def plugin_command(request: language_pb2.RunPluginRequest, inherited: Mapping[str, str]) -> Command:
    """Translate the engine's request. Raises EnvironmentProblem if there is nothing to run it with."""
    project = PROJECTS.get(request.kind, "PulumiPlugin.yaml")
    if request.attach_debugger:
        raise EnvironmentProblem("--attach-debugger is not supported by this language host; install Pulumi's own")
    folder = Path(request.info.program_directory or request.program)
    start = folder / "__main__.py"
    if not start.is_file():
        raise EnvironmentProblem(f"{start} is not there: this language host runs plugins by that file, and no Python packages")
    options = {"virtualenv": "venv", **dict(request.info.options)}  # a plugin never gets whatever is installed on the machine
    environment = PythonEnvironment.of(options, Path(request.info.root_directory or folder), project)
    variables = environment.variables(inherited) | dict(text.partition("=")[::2] for text in request.env)
    return Command(
        [str(environment.python), "-u", str(LAUNCH), str(os.getpid()), str(start), *request.args], request.pwd, variables
    )


async def run_plugin(command: Command) -> AsyncIterator[language_pb2.RunPluginResponse]:
    """What it prints, as it prints it, to its end; it ends at the latest when nobody listens any more."""
    program = await Program.start(command, captured=True)
    try:
        async for response in _output(program):
            yield response
        if status := await program.status():
            yield language_pb2.RunPluginResponse(exitcode=status if status > 0 else 128 - status)
    finally:
        program.stop()


async def _output(program: Program) -> AsyncIterator[language_pb2.RunPluginResponse]:
    said: asyncio.Queue[language_pb2.RunPluginResponse | None] = asyncio.Queue(16)

    async def listen(name: str, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(CHUNK):
            await said.put(language_pb2.RunPluginResponse(**{name: chunk}))  # type: ignore[arg-type]
        await said.put(None)

    listeners = [asyncio.ensure_future(listen(name, stream)) for name, stream in program.streams().items()]
    try:
        for _ in listeners:
            while (response := await said.get()) is not None:
                yield response
    finally:
        for listener in listeners:
            listener.cancel()
