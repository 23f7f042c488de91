"""Makes `.venv` and installs the project into it. Run by ./lab under the system's Python: standard library only.

    python -P bootstrap.py ROOT STAMP

The stamp (hash of pyproject.toml, and the folder) is removed before the first change and written after the last one.
"""

import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

REPORT_EVERY = 5.0  # seconds between two lines of progress
PR_SET_PDEATHSIG = 1


class BootstrapError(Exception):
    """The sentence for the user."""


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def end_with_parent() -> None:
    """In the child: a killed ./lab takes pip with it, so that the next ./lab never runs beside it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def run(args: Sequence[str], what: str, environ: dict[str, str] | None = None) -> None:
    """Runs a command, shows its newest line every few seconds, and raises with its last lines when it fails."""
    started = shown = time.monotonic()
    tail: deque[str] = deque(maxlen=25)
    with subprocess.Popen(
        args,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        preexec_fn=end_with_parent,
        env=environ,
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                tail.append(line.rstrip())
                if time.monotonic() - shown > REPORT_EVERY:
                    shown = time.monotonic()
                    say(f"{what}: {shown - started:.0f} s, {tail[-1].strip()[:90]}")
        except BaseException:
            child.terminate()
            raise
    if child.returncode != 0:
        raise BootstrapError(f"{what} failed (exit {child.returncode}):\n  " + "\n  ".join(tail))


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
        run([sys.executable, "-m", "venv", "--clear", str(venv)], "making .venv")
    pip = [str(python), "-P", "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off"]
    run([*pip, "-e", f"{root}[dev]"], "installing Python packages")
    unfinished = stamp_file.with_suffix(".new")
    unfinished.write_text(stamp + "\n", encoding="utf-8")
    unfinished.replace(stamp_file)


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


def main(root: str, stamp: str) -> int:
    started = time.monotonic()
    if not os.access(root, os.W_OK):
        say(f"{root} is not writable for you, and .venv is made in it: clone the project into a folder of your own")
        return 1
    say("installing the Python packages into .venv (once; about a minute)")
    try:
        locked_install(Path(root), stamp)
    except BootstrapError as problem:
        say(str(problem))
        return 1
    except OSError as problem:
        say(f"installing the Python packages failed: {problem}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; run ./lab again to go on")
        return 130
    say(f"Python packages installed in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
