"""The Pulumi CLI built from its Go module, pinned by engine/go.mod and engine/go.sum, without what only clouds need."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from drlab.setup.children import Children, CommandFailed, DiskFull, is_disk_full
from drlab.setup.engine_edits import RECIPE, copy_edited, recipe_digest
from drlab.setup.engine_source import RECIPE_NAME, VERSION, Unavailable
from drlab.setup.golang import GoCaches, own_caches, provide_go
from drlab.setup.steps import Tell

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SOURCE = f"github.com/pulumi/pulumi/pkg/v3@v{VERSION}"  # in a module cache; fetched by itself, since a cut copy is what is built
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
# Starts a Python program for the language host; ships with the SDK's Go module, not with the Python package.
EXEC_SCRIPT = f"github.com/pulumi/pulumi/sdk/v3@v{VERSION}/python/cmd/pulumi-language-python-exec"
NEEDED_BYTES = 2_000_000_000  # at the peak of the build; 1.4 GB were measured
# Never in anybody's way while it runs: reading the command line, colours, Markdown, generators of code. Compiled without being
# optimised, which takes a fifth less for them. The binary starts as fast.
COLD = (
    *("alecthomas", "bazelbuild", "charmbracelet", "git-pkgs", "pgavlin", "uber", "yuin"),
    *("pulumi/appdash", "pulumi/esc", "pulumi/pulumi/pkg/v3/cmd", "pulumi/pulumi/pkg/v3/codegen"),
)
# What is compiled is the same wherever it is built (-trimpath), so that Go's own caches know it again. Without debug data,
# which the linker leaves out anyway, compiling takes a tenth less.
FLAGS = (
    "-trimpath",
    "-gcflags=all=-dwarf=false",
    *(f"-gcflags=github.com/{path}/...=-dwarf=false -N -l" for path in COLD),
    "-ldflags",
    f"-s -w -X {VERSION_VARIABLE}=v{VERSION}",
)
# The memory of the compiler is collected less often: 7 % less CPU time.
COLLECT = "400"
# Compiling fills all cores, what makes the images beside it only one at a time: that goes first, so that both end together.
YIELD = ("nice", "-n", "5")


def install_from_source(
    destination: Path,
    cache: Path,
    children: Children,
    tell: Tell,
    needed_bytes: int = NEEDED_BYTES,
    provide_go: Callable[[Path, Children, Tell], Path] = provide_go,
) -> str:
    """Builds into `destination`. Raises DiskFull, Unavailable.

    Where the machine has Go's own caches they serve, and keep what is made here. Else what Go downloads and compiles stays
    in the cache folder until the build has succeeded, so that one that is begun again goes on where it was, and is removed
    after success, or on a full disk.
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
    caches = own_caches(go, scratch)
    environ = go_environment(scratch, caches)
    module, fetch = scratch / "module", scratch / "fetch"
    for folder in (module, fetch, scratch / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    (fetch / "go.mod").write_text("module drlab/fetch\n", encoding="utf-8")
    shutil.copyfile(RECIPE / "go.sum", fetch / "go.sum")
    children.run([str(go), "mod", "download", SOURCE], tell=tell, env=environ, cwd=fetch)
    prepare_module(module, caches.modules / SOURCE)
    command = [*YIELD, str(go), "build", "-v", *FLAGS, "-o", str(destination / "pulumi"), PACKAGE]
    children.run(command, tell=tell, env=environ, cwd=module)
    shutil.copyfile(caches.modules / EXEC_SCRIPT, destination / "pulumi-language-python-exec")
    (destination / "pulumi-language-python-exec").chmod(0o755)
    (destination / RECIPE_NAME).write_text(recipe_digest(), encoding="utf-8")


def prepare_module(module: Path, source: Path) -> None:
    """The module that is built: what is pinned, the stand-ins, and the cut copy of the engine's sources."""
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(RECIPE / name, module / name)
    shutil.copytree(RECIPE / "gax", module / "gax", dirs_exist_ok=True)
    try:
        copy_edited(source, module / "pkg")
    except ValueError as problem:
        raise Unavailable(f"its Go module: {problem}") from problem


def go_environment(scratch: Path, caches: GoCaches) -> dict[str, str]:
    """Where Go works. GOPROXY, GOSUMDB and the like stay the user's."""
    writable = " -modcacherw" if caches.modules.is_relative_to(scratch) else ""  # so that it can be removed
    return {
        "GOMODCACHE": str(caches.modules),
        "GOCACHE": str(caches.compiled),
        "GOTMPDIR": str(scratch / "tmp"),
        "GOFLAGS": f"-mod=readonly -buildvcs=false{writable}",
        "GOTOOLCHAIN": "local",  # never downloads another Go
        "GOWORK": "off",
        "CGO_ENABLED": "0",  # the same result with and without a C compiler
        "GOGC": COLLECT,
    }
