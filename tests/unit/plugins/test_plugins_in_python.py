"""Plugins that are Python programs: policy packs through the language host, dynamic resources through the SDK's own server."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, provider_pb2_grpc
from support.waiting import until
from unit.plugins.test_language_host import is_alive, with_host

ROOT = Path(__file__).parents[3]
OWN = {"virtualenv": str(Path(sys.executable).parents[1])}
Host = language_pb2_grpc.LanguageRuntimeStub
Talk = Callable[[Any], Awaitable[Any]]


def wanted(folder: Path, kind: str = "analyzer", options: dict[str, str] = OWN, **more: Any) -> language_pb2.RunPluginRequest:
    info = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
    info.options.update(options)
    return language_pb2.RunPluginRequest(pwd=str(folder), kind=kind, info=info, **more)


def test_a_plugin_runs_with_what_the_engine_says_and_is_heard(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("WORD = 'beside'\n")
    (tmp_path / "__main__.py").write_text(
        "import json, os, sys, beside\n"
        "print(json.dumps([sys.argv[1:], os.environ['MINE'], os.environ['VIRTUAL_ENV'], os.getcwd(), beside.WORD]))\n"
        "sys.exit('not today')\n"
    )

    async def talk(host: Any) -> Any:
        return [said async for said in host.RunPlugin(wanted(tmp_path, args=["127.0.0.1:1"], env=["MINE=a=b"]))]

    said = with_host(talk)
    heard = json.loads(b"".join(one.stdout for one in said))
    assert heard == [["127.0.0.1:1"], "a=b", OWN["virtualenv"], str(tmp_path), "beside"]
    assert b"".join(one.stderr for one in said) == b"not today\n"
    assert [one.exitcode for one in said if one.HasField("exitcode")] == [1] and said[-1].exitcode == 1


def test_a_plugin_ends_when_the_engine_hears_it_no_more_and_not_at_a_cancel(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import os, time; print(os.getpid(), flush=True); time.sleep(60)\n")

    async def talk(host: Any) -> Any:
        call = host.RunPlugin(wanted(tmp_path))
        pid = (await call.read()).stdout.decode().strip()
        await host.Cancel(empty_pb2.Empty())  # what a provider has begun comes to its end first
        assert is_alive(pid)
        call.cancel()
        await asyncio.to_thread(until, lambda: not is_alive(pid), 10, "the plugin to end")

    with_host(talk)


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        (
            "analyzer",
            {},
            "the virtual environment {0}/venv of PulumiPolicy.yaml has no bin/python; make it: python3 -m venv {0}/venv",
        ),
        ("resource", {}, "the virtual environment {0}/venv of PulumiPlugin.yaml has no bin/python"),
        ("analyzer", {"toolchain": "uv"}, "PulumiPolicy.yaml: runtime option toolchain: uv is not supported here; use pip"),
    ],
)
def test_what_a_plugin_lacks_is_said(tmp_path: Path, kind: str, options: dict[str, str], sentence: str) -> None:
    (tmp_path / "__main__.py").touch()
    assert sentence.format(tmp_path) in refusal(wanted(tmp_path, kind, options))


def test_a_plugin_that_is_a_package_is_refused(tmp_path: Path) -> None:
    assert refusal(wanted(tmp_path)).startswith(f"{tmp_path}/__main__.py is not there")


def refusal(request: language_pb2.RunPluginRequest) -> str:
    async def talk(host: Any) -> Any:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            [said async for said in host.RunPlugin(request)]
        return refused.value

    return str(with_host(talk).details())


def test_dynamic_resources_are_served_by_the_programs_sdk_as_long_as_the_engine_lives(tmp_path: Path) -> None:
    engine = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-P", "-m", "plugins.language_python.dynamic", f"127.0.0.1:{engine.getsockname()[1]}"]
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PULUMI_RUNTIME_VIRTUALENV": OWN["virtualenv"]}
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())

            async def ask() -> str:
                async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                    provider: Any = provider_pb2_grpc.ResourceProviderStub(channel)
                    return str((await provider.GetPluginInfo(empty_pb2.Empty())).version)

            assert asyncio.run(ask())
            engine.close()
            assert server.wait(5) == 1
        finally:
            server.kill()


def test_a_virtual_environment_that_is_missing_for_dynamic_resources(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "plugins.language_python.dynamic", "127.0.0.1:1"]
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PULUMI_RUNTIME_VIRTUALENV": "nowhere"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"the virtual environment {tmp_path}/nowhere of Pulumi.yaml has no bin/python; make it")
