"""The virtual environment and what is installed into it: by uv where it can be had, else by pip.

The stamp (hash of pyproject.toml, and the folder) is removed before the first change and written after the last one.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from drlab.bootstrap import uv
from drlab.bootstrap.running import BootstrapError, run, say

PIP_OPTIONS = ("--disable-pip-version-check", "install", "--progress-bar", "off")


def missing_parts() -> list[str]:
    """The parts of the standard library that Debian ships apart and a virtual environment needs."""
    return [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]


def provide_venv(missing: Sequence[str], is_root: bool, apt: str | None, run: Callable[..., None] = run) -> None:
    """Installs Debian's package with `venv` in it, or says how."""
    if not missing:
        return
    package = f"python3.{sys.version_info.minor}-venv"
    lacks = f"Python at {sys.executable} has no {' and no '.join(missing)}"
    if apt is None:
        raise BootstrapError(f"{lacks}; install your system's package for Python virtual environments, then run ./lab again")
    if not is_root:
        raise BootstrapError(f"{lacks}; run `sudo apt-get install {package}`, then ./lab again")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["dpkg", "--configure", "-a"], "finishing what an interrupted installation left", environ)
    run([apt, "-qq", "update"], "apt-get update", environ)
    run([apt, "-y", "-qq", "install", package], f"installing {package}", environ)


def has_pip(python: Path) -> bool:
    """Whether the environment's Python starts and has pip: false after an interrupted creation."""
    if not os.access(python, os.X_OK):
        return False
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run([str(python), "-c", "import pip"], check=False, **quiet).returncode == 0  # type: ignore[call-overload,no-any-return]


def install(root: Path, stamp: str, run: Callable[..., None] = run) -> None:
    """Creates the environment where needed, installs the packages, writes the stamp."""
    venv = root / ".venv"
    python = venv / "bin" / "python"
    stamp_file = venv / "drlab-stamp"
    if stamp_file.exists() and stamp_file.read_text(encoding="utf-8").rstrip("\n") == stamp and has_pip(python):
        return  # another ./lab did it while this one waited
    stamp_file.unlink(missing_ok=True)
    if not has_pip(python):
        provide_venv(missing_parts(), os.geteuid() == 0, shutil.which("apt-get"))
    try:
        install_with_uv(root, run)
    except (BootstrapError, uv.Unfit) as reason:
        say(f"not with uv: {str(reason).strip().splitlines()[-1].strip()}; with pip instead, which takes a minute longer")
        install_with_pip(root, run)
    unfinished = stamp_file.with_suffix(".new")
    unfinished.write_text(stamp + "\n", encoding="utf-8")
    unfinished.replace(stamp_file)


def install_with_uv(root: Path, run: Callable[..., None]) -> None:
    """A tenth of pip's time. pip itself gets uv, so that its settings hold. Raises BootstrapError, uv.Unfit."""
    venv = root / ".venv"
    python = venv / "bin" / "python"
    if has_pip(python):
        pip = ["-P", "-m", "pip"]
        environ = uv.environment(uv.pip_settings([str(python), *pip]), os.environ)
    else:
        pip = ["-P", str(uv.bundled_pip())]  # as it lies in its wheel: unpacking it takes five seconds
        environ = uv.environment(uv.pip_settings([sys.executable, *pip]), os.environ)
        run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)], "making .venv")
    if not uv.is_there(venv):
        run([str(python), *pip, *PIP_OPTIONS, "--no-deps", "--only-binary", ":all:", uv.REQUIREMENT], "installing uv")
    command = [str(uv.path(venv)), "pip", "install", "--no-progress", "--python", str(python), "-e", f"{root}[dev]", "pip"]
    run(command, "installing Python packages", environ)


def install_with_pip(root: Path, run: Callable[..., None]) -> None:
    """Everywhere where pip works. Raises BootstrapError."""
    venv = root / ".venv"
    python = venv / "bin" / "python"
    if not has_pip(python):
        run([sys.executable, "-m", "venv", "--clear", str(venv)], "making .venv")
    run([str(python), "-P", "-m", "pip", *PIP_OPTIONS, "-e", f"{root}[dev]"], "installing Python packages")


def locked_install(root: Path, stamp: str) -> None:
    """Installs while holding a lock on the folder itself (no lock file to leave behind)."""
    folder = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another ./lab is installing the Python packages; waiting for it")
        fcntl.flock(folder, fcntl.LOCK_EX)
    install(root, stamp)
    os.close(folder)
