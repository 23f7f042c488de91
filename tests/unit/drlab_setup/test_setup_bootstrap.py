"""./lab's first part: the virtual environment and its stamp. Nothing is installed here: the command runner is replaced."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drlab.bootstrap import packages, running, uv

ROOT = Path(__file__).parents[3]
STAMP = "abc  - /somewhere"
BY_UV = ["installing uv", "installing Python packages"]


class Runner:
    """Notes what would be run, and with which environment; raises at one of the commands."""

    def __init__(self, fail_at: str = "", failure: BaseException | None = None) -> None:
        self.done: list[str] = []
        self.environ: dict[str, str] = {}
        self.fail_at, self.failure = fail_at, failure or KeyboardInterrupt()

    def __call__(self, args: Any, what: str, environ: Any = None) -> None:
        self.done.append(what)
        self.environ = environ or {}
        if what == self.fail_at:
            self.fail_at = ""
            raise self.failure


def with_environment(root: Path) -> Path:
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").symlink_to(sys.executable)
    return root / ".venv/drlab-stamp"


def test_the_stamp_is_written_when_all_is_done(tmp_path: Path) -> None:
    stamp = with_environment(tmp_path)
    run = Runner()
    packages.install(tmp_path, STAMP, run)
    assert run.done == BY_UV
    assert stamp.read_text() == STAMP + "\n"


def test_an_interrupted_installation_has_no_stamp_even_where_one_was(tmp_path: Path) -> None:
    stamp = with_environment(tmp_path)
    stamp.write_text("older\n")
    with pytest.raises(KeyboardInterrupt):
        packages.install(tmp_path, STAMP, Runner("installing Python packages"))
    assert not stamp.exists()


def test_what_another_lab_has_installed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    with_environment(tmp_path).write_text(STAMP + "\n")
    run = Runner()
    packages.install(tmp_path, STAMP, run)
    assert run.done == []


def test_an_environment_that_does_not_start_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to("/no/longer/there")
    run = Runner()
    packages.install(tmp_path, STAMP, run)
    assert run.done == ["making .venv", *BY_UV]


@pytest.mark.parametrize(
    ("missing", "is_root", "apt", "outcome"),
    [
        ([], False, None, []),
        (
            ["ensurepip"],
            True,
            "apt-get",
            [
                "finishing what an interrupted installation left",
                "apt-get update",
                f"installing python3.{sys.version_info.minor}-venv",
            ],
        ),
        (["venv", "ensurepip"], False, "apt-get", "sudo apt-get install python3."),
        (["ensurepip"], True, None, "install your system's package for Python virtual environments"),
    ],
)
def test_where_debian_lacks_venv(missing: Any, is_root: bool, apt: str | None, outcome: Any) -> None:
    run = Runner()
    if isinstance(outcome, list):
        packages.provide_venv(missing, is_root, apt, run)
        assert run.done == outcome
        return
    with pytest.raises(running.BootstrapError) as refused:
        packages.provide_venv(missing, is_root, apt, run)
    assert outcome in str(refused.value)


def test_a_failing_installation_shows_its_last_lines() -> None:
    with pytest.raises(running.BootstrapError) as failed:
        running.run(["sh", "-c", "echo no matching distribution; exit 1"], "installing Python packages")
    assert str(failed.value) == "installing Python packages failed (exit 1):\n  no matching distribution"


def test_where_uv_cannot_be_had_pip_does_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stamp = with_environment(tmp_path)
    run = Runner("installing uv", running.BootstrapError("installing uv failed (exit 1):\n  no matching distribution"))
    packages.install(tmp_path, STAMP, run)
    assert run.done == ["installing uv", "installing Python packages"]
    assert stamp.exists()
    assert "not with uv: no matching distribution; with pip instead" in capsys.readouterr().err


def test_where_uv_fails_pip_does_it_over_again(tmp_path: Path) -> None:
    stamp = with_environment(tmp_path)
    run = Runner("installing Python packages", running.BootstrapError("failed"))
    packages.install(tmp_path, STAMP, run)
    assert run.done == [*BY_UV, "installing Python packages"]
    assert stamp.exists()


def test_a_setting_of_pip_that_uv_has_no_word_for_leaves_it_to_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_environment(tmp_path)
    monkeypatch.setenv("PIP_REQUIRE_HASHES", "1")
    run = Runner()
    packages.install(tmp_path, STAMP, run)
    assert run.done == ["installing Python packages"]


def test_pips_settings_reach_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_environment(tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/opt/a /opt/b")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "7")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "180")
    run = Runner()
    packages.install(tmp_path, STAMP, run)
    assert run.environ["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert run.environ["UV_FIND_LINKS"] == "/opt/a,/opt/b"
    assert run.environ["UV_HTTP_TIMEOUT"] == "7"  # what is set for uv itself stays


def test_the_stronger_setting_of_pip_counts() -> None:
    text = ":env:.index-url='https://env/'\nglobal.index-url='https://file/'\ninstall.retries='9'\nglobal.retries='3'\nfreeze.timeout='1'\n"
    assert uv.read_settings(text) == {"index-url": "https://env/", "retries": "9"}


def test_the_pip_that_python_brings_runs_from_its_wheel() -> None:
    done = subprocess.run([sys.executable, "-P", str(uv.bundled_pip()), "--version"], capture_output=True, text=True, check=True)
    assert "pip-" in done.stdout


def test_the_bootstrap_needs_the_standard_library_alone() -> None:
    """It runs before anything is installed."""
    for path in (ROOT / "drlab/bootstrap").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.partition(".")[0] in sys.stdlib_module_names or name.startswith("drlab.bootstrap"), f"{path}: {name}"
