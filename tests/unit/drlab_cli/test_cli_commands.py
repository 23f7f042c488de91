"""Every command has help with examples, stands in the documentation, and says what is wrong with its arguments."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from drlab import __version__
from drlab.__main__ import main
from drlab.app import app_with

ROOT = Path(__file__).parents[3]


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands, those of groups included: ("fault", "cut")."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


app = app_with()
ALL = sorted(commands(typer.main.get_command(app)))
NAMES = [" ".join(command) for command in ALL]


def lab(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Exit status of `./lab ARGUMENTS`, in this process."""
    monkeypatch.setattr("sys.argv", ["./lab", *arguments])
    try:
        return main()
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the user's lab."""
    monkeypatch.setenv("DRLAB_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DRLAB_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("command", ALL, ids=NAMES)
def test_help_shows_an_example_of_the_very_command(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"])
    assert shown.exit_code == 0
    assert f"./lab {' '.join(command)}" in shown.output.partition("Examples:")[2]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_stands_in_the_documentation(name: str) -> None:
    assert f"### ./lab {name}\n" in (ROOT / "docs/commands.md").read_text()


def test_the_documentation_invents_no_command() -> None:
    documented = re.findall(r"^### \./lab (.+)$", (ROOT / "docs/commands.md").read_text(), re.MULTILINE)
    assert sorted(documented) == NAMES


@pytest.mark.parametrize("command", ALL, ids=NAMES)
def test_every_option_of_a_command_stands_in_its_synopsis(command: tuple[str, ...]) -> None:
    text = (ROOT / "docs/commands.md").read_text()
    section = text.partition(f"### ./lab {' '.join(command)}\n")[2].partition("\n##")[0]
    shown = CliRunner().invoke(app, [*command, "--help"]).output
    options = set(re.findall(r"(?<![\w-])--[a-z-]+", shown.partition("Options:")[2])) - {
        "--help",
        "--verbose",
        "--config",
        "--follow",
    }
    assert [option for option in sorted(options) if option not in section] == []


def test_the_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"drlab {__version__}\n"


def test_a_command_loads_nothing_that_only_others_need() -> None:
    """What the other commands load costs twice as much again, in every call."""
    code = "import atexit, sys; from drlab.__main__ import main; atexit.register(lambda: print(*sys.modules)); main()"
    shown = subprocess.run([sys.executable, "-c", code, "preview", "--help"], capture_output=True, text=True, timeout=60)
    loaded = set(shown.stdout.splitlines()[-1].split())
    assert "drlab.previews" in loaded
    assert loaded & {"drlab.backups", "drlab.take_down", "asyncio", "httpx", "pydantic", "rich.progress"} == set()


# arguments: (exit status, what standard error must say)
WRONG: dict[str, tuple[int, str]] = {
    "up": (2, "Say which stage. Stages: single-host, dual-active."),
    "down": (2, "Say which stage, or --all. Stages: single-host, dual-active."),
    "bench --only speed": (2, "There is no group 'speed'. Groups: stage, dual-active,"),
    "up single-hots": (2, "There is no stage 'single-hots'. Did you mean single-host? Stages: single-host"),
    "down single-host --all": (2, "Say either a stage (single-host) or --all, not both."),
    "watch": (1, "No stage is up. Stages: single-host, dual-active."),
    "watch single-host": (1, "single-host has no site: the stage is not up, or siteUrl is not among its outputs."),
    "watch --rate 100": (2, "This cannot be watched: the rate is 100 a second; it can be more than 0 and at most 20."),
    "up single-host -c zone": (2, "Settings are written key=value; not so: 'zone'."),
    "up single-host -c target=moon": (1, "drlab:target is 'moon'; it can be local or ctyun."),
    "preview --no-such-option": (2, "No such option: --no-such-option"),
    "fault power-off web-01": (1, "The local cloud is not running."),
    "power on": (2, "Missing argument 'TARGET'"),
    "fault undo": (2, "Say either a fault's id or --all."),
    "backup restore nowhere/web-01": (2, "There is no stage 'nowhere'. Stages: single-host"),
    "backup restore dual-active/web-01": (1, "dual-active is not up, so there are no backups of it."),
    "cloud logs": (1, "The local cloud has no log yet"),
    "cloud ca": (1, "The local cloud has no CA"),
    "ssh web-01": (1, "No stage is up: there is no server to log in to."),
    "ssh dual-active/web-01": (1, "dual-active is not up: there is no server to log in to."),
    "ssh nowhere/web-01": (2, "There is no stage 'nowhere'. Stages: single-host"),
}


@pytest.mark.parametrize("arguments", WRONG, ids=str)
def test_wrong_arguments_get_a_sentence(
    arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, sentence = WRONG[arguments]
    assert lab(monkeypatch, *arguments.split()) == status
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert not (tmp_path / "state").exists(), "a mistake makes no state"


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (OSError(28, "No space left on device", "/state/lock"), "No space left on device: '/state/lock'"),
        (subprocess.TimeoutExpired(["pulumi", "stack"], 60), "timed out after 60 seconds"),
    ],
)
def test_trouble_of_the_machine_is_a_sentence(
    trouble: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr("drlab.overview.look", fails)
    assert lab(monkeypatch, "status") == 1
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert "Traceback" not in shown.err


def test_status_of_a_lab_that_never_ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab(monkeypatch, "status") == 0
    assert capsys.readouterr().out == "cloud        has never run\nsingle-host  not up\ndual-active  not up\n"
    assert lab(monkeypatch, "cloud", "status") == 1


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import os
    import signal

    monkeypatch.setattr("drlab.overview.look", lambda lab: os.kill(os.getpid(), signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    try:
        assert lab(monkeypatch, "status") == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "Interrupted" in capsys.readouterr().err
