"""./lab's first part: the virtual environment and its stamp. Nothing is installed here: the command runner is replaced."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
STAMP = "abc  - /somewhere"


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    """It is a script, run before the project is installed, so it is loaded by path."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "drlab/setup/bootstrap.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Runner:
    def __init__(self, fail_at: str = "") -> None:
        self.done: list[str] = []
        self.fail_at = fail_at

    def __call__(self, args, what: str, environ=None) -> None:
        self.done.append(what)
        if what == self.fail_at:
            raise KeyboardInterrupt


def with_environment(root: Path) -> Path:
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").symlink_to(sys.executable)
    return root / ".venv/drlab-stamp"


def test_the_stamp_is_written_when_all_is_done(bootstrap, tmp_path) -> None:
    stamp = with_environment(tmp_path)
    run = Runner()
    bootstrap.install(tmp_path, STAMP, run)
    assert run.done == ["installing Python packages"]
    assert stamp.read_text() == STAMP + "\n"


def test_an_interrupted_installation_has_no_stamp_even_where_one_was(bootstrap, tmp_path) -> None:
    stamp = with_environment(tmp_path)
    stamp.write_text("older\n")
    with pytest.raises(KeyboardInterrupt):
        bootstrap.install(tmp_path, STAMP, Runner("installing Python packages"))
    assert not stamp.exists()


def test_what_another_lab_has_installed_meanwhile_is_left_alone(bootstrap, tmp_path) -> None:
    with_environment(tmp_path).write_text(STAMP + "\n")
    run = Runner()
    bootstrap.install(tmp_path, STAMP, run)
    assert run.done == []


def test_an_environment_that_does_not_start_is_made_anew(bootstrap, tmp_path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to("/no/longer/there")
    run = Runner()
    bootstrap.install(tmp_path, STAMP, run)
    assert run.done == ["making .venv", "installing Python packages"]


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
def test_where_debian_lacks_venv(bootstrap, missing, is_root: bool, apt: str | None, outcome) -> None:
    run = Runner()
    if isinstance(outcome, list):
        bootstrap.provide_venv(missing, is_root, apt, run)
        assert run.done == outcome
        return
    with pytest.raises(bootstrap.BootstrapError) as refused:
        bootstrap.provide_venv(missing, is_root, apt, run)
    assert outcome in str(refused.value)


def test_a_failing_installation_shows_its_last_lines(bootstrap) -> None:
    with pytest.raises(bootstrap.BootstrapError) as failed:
        bootstrap.run(["sh", "-c", "echo no matching distribution; exit 1"], "installing Python packages")
    assert str(failed.value) == "installing Python packages failed (exit 1):\n  no matching distribution"
