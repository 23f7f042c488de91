"""Starting a program, and what its end means."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from plugins.language_python.environment import EnvironmentProblem, PythonEnvironment, exec_script

ERROR_WAS_SHOWN = 32  # exit status of the SDK's script: the user has seen the message already
LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Command:
    """One run of a program: what to execute, where, with which variables."""

    arguments: list[str]
    folder: str
    variables: dict[str, str]


def command_for(request: language_pb2.RunRequest, engine: str, inherited: Mapping[str, str]) -> Command:
    """Translate the engine's request. Raises EnvironmentProblem if there is nothing to run it with."""
    if request.attach_debugger:
        raise EnvironmentProblem("--attach-debugger is not supported by this language host; install Pulumi's own")
    info = request.info
    root = info.root_directory or request.pwd
    folder = info.program_directory or request.pwd
    environment = PythonEnvironment.of(dict(info.options), Path(root))
    options = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": root,
        "stack": request.stack,
        "pwd": folder,
        "dry_run": "true" if request.dryRun else "",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    flags = [text for key, value in options.items() if value for text in (f"--{key}", value)]
    script = str(exec_script(inherited))
    start = [str(environment.python), "-u", str(LAUNCH), str(os.getpid()), script]
    variables = environment.variables(inherited) | {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }
    return Command([*start, *flags, info.entry_point or request.program or ".", *request.args], folder, variables)


class Program:
    """A running program. Its output goes to our own, which the engine reads and shows line by line, unless it is captured."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._stopped = False

    @classmethod
    async def start(cls, command: Command, captured: bool = False) -> Program:
        """Start it in a process group of its own, so that everything it starts can be ended with it."""
        output = asyncio.subprocess.PIPE if captured else None
        return cls(
            await asyncio.create_subprocess_exec(
                *command.arguments,
                cwd=command.folder,
                env=command.variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        )

    def stop(self) -> None:
        """End it now. Nothing is lost: what it registered is the engine's, and running steps go on there."""
        if self._process.returncode is None:
            self._stopped = True
            os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> language_pb2.RunResponse:
        """Wait for its end; a stopped program and one that has shown its error say nothing more."""
        return outcome(await self.status(), self._stopped)

    async def status(self) -> int:
        """Wait for its end: its exit status, negative for a signal."""
        return await self._process.wait()

    def streams(self) -> dict[str, asyncio.StreamReader]:
        """The output that is captured."""
        streams = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        return {name: stream for name, stream in streams.items() if stream is not None}


def outcome(status: int, stopped: bool) -> language_pb2.RunResponse:
    """What an exit status (negative: a signal) means to the engine."""
    if stopped or status == ERROR_WAS_SHOWN:
        return language_pb2.RunResponse(bail=True)
    if status == 0:
        return language_pb2.RunResponse()
    if status < 0:
        return language_pb2.RunResponse(error=f"the program was ended by {signal.Signals(-status).name}")
    return language_pb2.RunResponse(error=f"the program ended with exit status {status}")
