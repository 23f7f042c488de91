"""The `LanguageRuntime` service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2 as messages
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

from plugins.language_python.environment import EnvironmentProblem, PythonEnvironment, pulumi_packages
from plugins.language_python.plugin_run import plugin_command, run_plugin
from plugins.language_python.program import Program, command_for

VERSION = "3.250.0"  # the engine whose protocol this host speaks

NOT_TRANSLATED = "The import is done. Write this resource into your program, in Python; here it is in Pulumi's own notation:"

_Context = grpc.aio.ServicerContext[Any, Any]


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine's questions about a Python program, and runs it.

    What an engine asks only for other commands (packing, generating SDKs) is answered `UNIMPLEMENTED` with a sentence.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._programs: set[Program] = set()

    async def Handshake(
        self, request: messages.LanguageHandshakeRequest, context: _Context
    ) -> messages.LanguageHandshakeResponse:
        """Used by engines that attach to a running host."""
        self._engine = request.engine_address or self._engine
        return messages.LanguageHandshakeResponse()

    async def GetPluginInfo(self, request: empty_pb2.Empty, context: _Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    async def GetRequiredPackages(
        self, request: messages.GetRequiredPackagesRequest, context: _Context
    ) -> messages.GetRequiredPackagesResponse:
        """The plugins that the installed packages name, so that the engine can look for them before the program runs."""
        return messages.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=one.name, kind="resource", version=one.version, server=one.server)
                for one in pulumi_packages(await _environment(request.info, context))
            ]
        )

    async def GetRequiredPlugins(
        self, request: messages.GetRequiredPluginsRequest, context: _Context
    ) -> messages.GetRequiredPluginsResponse:
        """The older form of `GetRequiredPackages`."""
        return messages.GetRequiredPluginsResponse(
            plugins=[
                plugin_pb2.PluginDependency(name=one.name, kind="resource", version=one.version, server=one.server)
                for one in pulumi_packages(await _environment(request.info, context))
            ]
        )

    async def Run(self, request: messages.RunRequest, context: _Context) -> messages.RunResponse:
        """Run the program to its end, for a preview as for an update."""
        try:
            program = await Program.start(command_for(request, self._engine, os.environ))
        except EnvironmentProblem as problem:
            return messages.RunResponse(error=str(problem))
        self._programs.add(program)
        try:
            return await program.end()
        finally:
            program.stop()  # the engine dropped the call
            self._programs.discard(program)

    async def Cancel(self, request: empty_pb2.Empty, context: _Context) -> empty_pb2.Empty:
        """The update was cancelled, or is over: resource plugins have been told before us, so the program may go."""
        for program in self._programs:
            program.stop()
        return empty_pb2.Empty()

    async def About(self, request: messages.AboutRequest, context: _Context) -> messages.AboutResponse:
        python = (await _environment(request.info, context)).python
        process = await asyncio.create_subprocess_exec(str(python), "--version", stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        return messages.AboutResponse(executable=str(python), version=said.decode().removeprefix("Python").strip())

    async def GetProgramDependencies(
        self, request: messages.GetProgramDependenciesRequest, context: _Context
    ) -> messages.GetProgramDependenciesResponse:
        """Everything installed; which of it is only needed by something else is not told apart."""
        return messages.GetProgramDependenciesResponse(
            dependencies=[
                messages.DependencyInfo(name=name, version=version)
                for name, version in (await _environment(request.info, context)).distributions()
            ]
        )

    async def RuntimeOptionsPrompts(
        self, request: messages.RuntimeOptionsRequest, context: _Context
    ) -> messages.RuntimeOptionsResponse:
        return messages.RuntimeOptionsResponse()

    async def Template(self, request: messages.TemplateRequest, context: _Context) -> messages.TemplateResponse:
        return messages.TemplateResponse()

    async def InstallDependencies(
        self, request: messages.InstallDependenciesRequest, context: _Context
    ) -> AsyncIterator[messages.InstallDependenciesResponse]:
        await _refuse(context, "this language host installs nothing: ./lab makes the virtual environment")
        yield messages.InstallDependenciesResponse()  # never reached; makes this a stream

    async def RunPlugin(self, request: messages.RunPluginRequest, context: _Context) -> AsyncIterator[messages.RunPluginResponse]:
        """Run a policy pack, or a provider that is a folder with a Python program, until the engine closes this call."""
        try:
            command = plugin_command(request, os.environ)
        except EnvironmentProblem as problem:
            await _refuse(context, str(problem), grpc.StatusCode.FAILED_PRECONDITION)
        async for response in run_plugin(command):
            yield response

    async def GenerateProgram(
        self, request: messages.GenerateProgramRequest, context: _Context
    ) -> messages.GenerateProgramResponse:
        """`pulumi import` asks for this after the import itself has succeeded, so a refusal would look like its failure.

        This host translates nothing: the definition comes back as comments, in Pulumi's own notation, to be written down.
        """
        lines = [NOT_TRANSLATED, *(line for text in request.source.values() for line in text.splitlines())]
        text = "".join(f"# {line}".rstrip() + "\n" for line in lines)
        return messages.GenerateProgramResponse(source={"__main__.py": text.encode()})

    async def GenerateProject(
        self, request: messages.GenerateProjectRequest, context: _Context
    ) -> messages.GenerateProjectResponse:
        return await _refuse(context, "this language host writes no code; install Pulumi's own")

    async def GeneratePackage(
        self, request: messages.GeneratePackageRequest, context: _Context
    ) -> messages.GeneratePackageResponse:
        return await _refuse(context, "this language host writes no code; install Pulumi's own")


async def _environment(info: messages.ProgramInfo, context: _Context) -> PythonEnvironment:
    try:
        return PythonEnvironment.of(dict(info.options), Path(info.root_directory or "."))
    except EnvironmentProblem as problem:
        await _refuse(context, str(problem), grpc.StatusCode.FAILED_PRECONDITION)


async def _refuse(context: _Context, sentence: str, code: grpc.StatusCode = grpc.StatusCode.UNIMPLEMENTED) -> NoReturn:
    await context.abort(code, sentence)
    raise AssertionError("abort always raises")


async def serve(engine: str) -> None:
    """Serve until the engine ends us. Prints the port first, which is how the engine finds it."""
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()
