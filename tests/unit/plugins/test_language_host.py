"""The language host behind its own gRPC stubs, without an engine; programs are small scripts in place of the SDK's."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import venv
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc
from support.waiting import until

from plugins.language_python.environment import EnvironmentProblem, exec_script
from plugins.language_python.host import LanguageHost
from plugins.language_python.program import outcome

Talk = Callable[[Any], Awaitable[Any]]


def with_host(talk: Talk) -> Any:
    """Run a conversation with a fresh host."""

    async def run() -> Any:
        server = grpc.aio.server()
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost("127.0.0.1:1"), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                return await talk(language_pb2_grpc.LanguageRuntimeStub(channel))
        finally:
            await server.stop(None)

    return asyncio.run(run())


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stands for the SDK's script; a test writes into it what the program does."""
    path = tmp_path / "exec-script"
    monkeypatch.setenv("DRLAB_LANGUAGE_EXEC", str(path))
    yield path


def request(folder: Path, **more: Any) -> language_pb2.RunRequest:
    info = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
    info.options.update(more.pop("options", {}))
    return language_pb2.RunRequest(project="p", stack="s", pwd=str(folder), monitor_address="127.0.0.1:2", info=info, **more)


def run(wanted: language_pb2.RunRequest) -> language_pb2.RunResponse:
    async def talk(host: Any) -> Any:
        return await host.Run(wanted)

    answer = with_host(talk)
    assert isinstance(answer, language_pb2.RunResponse)
    return answer


def test_a_program_gets_everything_that_the_engine_said(script: Path, tmp_path: Path) -> None:
    script.write_text(
        "import json, os, sys\n"
        "seen = {'argv': sys.argv[1:], 'config': os.environ['PULUMI_CONFIG'], 'keys': os.environ['PULUMI_CONFIG_SECRET_KEYS']}\n"
        "open('seen.json', 'w').write(json.dumps(seen))\n"
    )
    wanted = request(tmp_path, dryRun=True, parallel=4, args=["x"], config={"p:a": "1"}, configSecretKeys=["p:a"])
    assert run(wanted) == language_pb2.RunResponse()
    seen = json.loads((tmp_path / "seen.json").read_text())
    flags = dict(zip(seen["argv"][:-2:2], seen["argv"][1:-2:2], strict=True))
    assert seen["argv"][-2:] == [".", "x"]
    assert flags == {
        "--monitor": "127.0.0.1:2",
        "--engine": "127.0.0.1:1",
        "--project": "p",
        "--root_directory": str(tmp_path),
        "--stack": "s",
        "--pwd": str(tmp_path),
        "--dry_run": "true",
        "--parallel": "4",
    }
    assert json.loads(seen["config"]) == {"p:a": "1"} and json.loads(seen["keys"]) == ["p:a"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("import sys; sys.exit(32)", language_pb2.RunResponse(bail=True)),
        ("import sys; sys.exit(3)", language_pb2.RunResponse(error="the program ended with exit status 3")),
        ("import os; os.kill(os.getpid(), 15)", language_pb2.RunResponse(error="the program was ended by SIGTERM")),
    ],
)
def test_what_a_programs_end_means(script: Path, tmp_path: Path, body: str, expected: language_pb2.RunResponse) -> None:
    script.write_text(body)
    assert run(request(tmp_path)) == expected


def test_a_run_error_is_not_reported_twice(script: Path, tmp_path: Path) -> None:
    """As the SDK's script does it: show the message, exit with 1."""
    script.write_text(
        "import asyncio, sys, pulumi\n"
        "class Stack:\n"  # of the SDK's private parts: older ones hand the program to it, newer ones run it beside it
        "    def __init__(self, *func):\n"
        "        for run in func: run()\n"
        "    def _finish(self): pass\n"
        "pulumi.runtime.stack.Stack = Stack\n"
        "def program(): raise pulumi.RunError('a setting is wrong')\n"
        "async def nothing(): pass\n"
        "try: asyncio.run(pulumi.runtime.run_in_stack(program))\n"
        "except pulumi.RunError: sys.exit(1)\n"
    )
    assert run(request(tmp_path)) == language_pb2.RunResponse(bail=True)


def is_alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_cancel_ends_a_program_and_what_it_started(script: Path, tmp_path: Path) -> None:
    script.write_text(
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "open('pids.new', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "os.rename('pids.new', 'pids')\n"
        "time.sleep(60)\n"
    )

    async def talk(host: Any) -> Any:
        running = asyncio.ensure_future(host.Run(request(tmp_path)))
        await asyncio.to_thread(until, (tmp_path / "pids").exists, 10, "the program to start")
        await host.Cancel(empty_pb2.Empty())
        return await running

    assert with_host(talk).bail
    pids = (tmp_path / "pids").read_text().split()
    until(lambda: not any(map(is_alive, pids)), 10, "both processes to end")


def test_a_missing_virtual_environment_is_said_in_a_sentence(script: Path, tmp_path: Path) -> None:
    answer, folder = run(request(tmp_path, options={"virtualenv": "nowhere"})), tmp_path / "nowhere"
    how = f"make it: python3 -m venv {folder}, and install its packages"
    assert answer.error == f"the virtual environment {folder} of Pulumi.yaml has no bin/python; {how}"


def test_without_that_setting_the_active_environment_is_taken(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.write_text("import pathlib, sys; pathlib.Path('prefix').write_text(sys.prefix)")
    venv.create(tmp_path / "active", symlinks=True)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert run(request(tmp_path)) == language_pb2.RunResponse()
    assert (tmp_path / "prefix").read_text() == str(tmp_path / "active")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "gone"))
    assert run(request(tmp_path)) == language_pb2.RunResponse()
    assert (tmp_path / "prefix").read_text() == sys.prefix


@pytest.mark.parametrize("options", [{"toolchain": "uv"}, {"typechecker": "mypy"}])
def test_options_that_are_not_supported_are_refused(script: Path, tmp_path: Path, options: dict[str, str]) -> None:
    assert f"runtime option {next(iter(options))}" in run(request(tmp_path, options=options)).error


def test_a_missing_script_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match=r"pulumi-language-python-exec was not found .* run \./lab"):
        exec_script({"PATH": str(tmp_path)})


def test_the_script_is_found_beside_the_engine_on_path(tmp_path: Path) -> None:
    (tmp_path / "pulumi-language-python-exec").touch()
    assert exec_script({"PATH": f"/nowhere{os.pathsep}{tmp_path}"}) == tmp_path / "pulumi-language-python-exec"


def test_installed_packages_name_their_plugins(tmp_path: Path) -> None:
    site = tmp_path / "venv/lib/python3.11/site-packages"
    for name, said in {
        "pulumi_random": {"resource": True, "name": "random", "version": "4.21.4"},
        "pulumi_other": {"resource": True, "server": "https://plugins.example"},
        "pulumi_policy": {"resource": False},
    }.items():
        (site / name).mkdir(parents=True)
        (site / name / "pulumi-plugin.json").write_text(json.dumps(said))
    (tmp_path / "venv/bin").mkdir()
    (tmp_path / "venv/bin/python").symlink_to(sys.executable)
    info = language_pb2.ProgramInfo(root_directory=str(tmp_path))
    info.options.update({"virtualenv": "venv"})

    async def talk(host: Any) -> Any:
        return await host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info))

    found = {(package.name, package.version, package.kind, package.server) for package in with_host(talk).packages}
    assert found == {("random", "4.21.4", "resource", ""), ("other", "", "resource", "https://plugins.example")}


def test_about_tells_the_interpreter(tmp_path: Path) -> None:
    async def talk(host: Any) -> Any:
        return await host.About(language_pb2.AboutRequest(info=language_pb2.ProgramInfo(root_directory=str(tmp_path))))

    assert with_host(talk).version == sys.version.split()[0]


def test_what_is_not_supported_says_what_to_do() -> None:
    async def talk(host: Any) -> Any:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await host.GeneratePackage(language_pb2.GeneratePackageRequest())
        return refused.value

    refused = with_host(talk)
    assert refused.code() is grpc.StatusCode.UNIMPLEMENTED
    assert refused.details() == "this language host writes no code; install Pulumi's own"


def test_an_imported_resource_comes_back_as_a_comment_and_not_as_an_error() -> None:
    async def talk(host: Any) -> Any:
        return await host.GenerateProgram(language_pb2.GenerateProgramRequest(source={"anonymous.pp": "resource a {\n}\n"}))

    text = with_host(talk).source["__main__.py"].decode()
    assert text.splitlines()[1:] == ["# resource a {", "# }"]
    compile(text, "__main__.py", "exec")


def test_a_stopped_program_says_nothing_more() -> None:
    assert outcome(-9, stopped=True) == language_pb2.RunResponse(bail=True)
