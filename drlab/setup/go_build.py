"""The Pulumi CLI built from its Go module, pinned by engine/go.mod and engine/go.sum."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from drlab.setup.children import Children, CommandFailed, DiskFull, is_disk_full
from drlab.setup.engine_source import VERSION, Unavailable
from drlab.setup.golang import provide_go
from drlab.setup.steps import Tell

MODULE = Path(__file__).parent / "engine"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
# Starts a Python program for the language host; ships with the SDK's Go module, not with the Python package.
EXEC_SCRIPT = f"github.com/pulumi/pulumi/sdk/v3@v{VERSION}/python/cmd/pulumi-language-python-exec"
NEEDED_BYTES = 5_000_000_000  # at the peak of the build; 4.6 GB were measured


def install_from_source(
    destination: Path,
    cache: Path,
    children: Children,
    tell: Tell,
    needed_bytes: int = NEEDED_BYTES,
    provide_go: Callable[[Path, Children, Tell], Path] = provide_go,
) -> str:
    """Builds into `destination`. Raises DiskFull, Unavailable.

    What Go downloads and compiles stays in the cache folder until the build has succeeded: Go's caches survive an
    interruption, so a build that is begun again goes on where it was. After success, or on a full disk, it is removed.
    """
    scratch = cache / "build" / "engine"
    check_space(cache, scratch, needed_bytes)
    try:
        _build(scratch, destination, provide_go(cache, children, tell), children, tell)
    except CommandFailed as problem:
        if problem.disk_full:
            shutil.rmtree(scratch, ignore_errors=True)
            raise DiskFull.during("building the Pulumi engine", cache) from problem
        raise Unavailable(f"its Go module: {problem.shown()}\n  (a mirror of Go modules can be named in GOPROXY)") from problem
    except OSError as problem:
        if is_disk_full(problem):
            shutil.rmtree(scratch, ignore_errors=True)
            raise DiskFull.during("building the Pulumi engine", cache) from problem
        raise Unavailable(f"its Go module: {problem}") from problem
    shutil.rmtree(scratch.parent, ignore_errors=True)
    return f"{VERSION} built from its Go module"


def check_space(cache: Path, scratch: Path, needed_bytes: int) -> None:
    """Refuses now what would fail in three minutes. A build that goes on needs less, so nothing is asked of it."""
    free = shutil.disk_usage(cache).free
    if free < needed_bytes and not scratch.exists():
        needed, left = f"{needed_bytes / 1e9:.1f} GB", f"{free / 1e9:.1f} GB"
        raise DiskFull(f"Building the Pulumi engine needs {needed} for a few minutes; {cache} has {left} left.")


def _build(scratch: Path, destination: Path, go: Path, children: Children, tell: Tell) -> None:
    module, modules = scratch / "module", scratch / "modules"
    for folder in (module, modules, scratch / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(MODULE / name, module / name)
    flags = f"-s -w -X {VERSION_VARIABLE}=v{VERSION}"
    children.run(
        [str(go), "build", "-v", "-ldflags", flags, "-o", str(destination / "pulumi"), PACKAGE],
        tell=tell,
        env=go_environment(scratch),
        cwd=module,
    )
    shutil.copyfile(modules / EXEC_SCRIPT, destination / "pulumi-language-python-exec")
    (destination / "pulumi-language-python-exec").chmod(0o755)


def go_environment(scratch: Path) -> dict[str, str]:
    """Everything that Go writes goes into the scratch folder. GOPROXY, GOSUMDB and the like stay the user's."""
    return {
        "GOMODCACHE": str(scratch / "modules"),
        "GOCACHE": str(scratch / "compiled"),
        "GOTMPDIR": str(scratch / "tmp"),
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",  # never downloads another Go
        "GOWORK": "off",
        "CGO_ENABLED": "0",  # the same result with and without a C compiler
    }
