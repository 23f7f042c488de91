"""The Pulumi engine in the cache folder: installed already, else downloaded from the vendor, else built."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from drlab.errors import UserError
from drlab.folders import Folders
from drlab.setup.children import Children, DiskFull, is_disk_full
from drlab.setup.engine_edits import recipe_digest
from drlab.setup.engine_source import EXEC_NAME, RECIPE_NAME, VERSION, WANTED, Source, Unavailable
from drlab.setup.steps import Step, Tell

WRITTEN_BY = "# Written by ./lab"  # second line of our own scripts; the wrapper is on PATH after `. .venv/bin/activate`


def engine_folder(folders: Folders) -> Path:
    return folders.cache / "pulumi" / VERSION / "bin"


def engine_step(folders: Folders, children: Children, note: Callable[[str], None]) -> Step:
    def act(tell: Tell) -> str:
        return install_engine(folders.cache, sources(folders, children), tell, note)

    return Step("engine", lambda: missing_engine(folders), act)


def missing_engine(folders: Folders) -> str | None:
    """The folder appears complete or not at all, so looking for its files is enough; and for the recipe, if it was built."""
    there = engine_folder(folders)
    if os.access(there / "pulumi", os.X_OK) and (there / EXEC_NAME).exists() and is_up_to_date(there):
        return None
    return f"getting the Pulumi engine {VERSION} (about 2 minutes where it must be built)"


def is_up_to_date(there: Path) -> bool:
    """Not where it was built by another recipe. An engine of the vendor's, or of before there were recipes, can do all."""
    try:
        return (there / RECIPE_NAME).read_text(encoding="utf-8") == recipe_digest()
    except FileNotFoundError:
        return True


def sources(folders: Folders, children: Children) -> list[Source]:
    """Imported here: an HTTP client costs a tenth of a second, and a machine that is set up needs none."""
    from drlab.setup.go_build import install_from_source
    from drlab.setup.vendor import install_from_vendor

    return [
        Source("on PATH", lambda target, tell: copy_installed(target), silent=True),
        Source("vendor", lambda target, tell: install_from_vendor(target, tell, children.check)),
        Source("Go module", lambda target, tell: install_from_source(target, folders.cache, children, tell)),
    ]


def install_engine(cache: Path, sources: Sequence[Source], tell: Tell, note: Callable[[str], None]) -> str:
    """Fills a temporary folder from the first source that can, tries the result, and renames it into place."""
    home = cache / "pulumi" / VERSION
    unfinished = home.with_name(f"{VERSION}.new")
    refusals: list[str] = []
    try:
        for source in sources:
            shutil.rmtree(unfinished, ignore_errors=True)
            (unfinished / "bin").mkdir(parents=True)
            try:
                did = source.install(unfinished / "bin", tell)
            except Unavailable as reason:
                refusals.append(str(reason))
                if not source.silent and source is not sources[-1]:
                    note(f"not from {reason}")
                continue
            check_version(unfinished / "bin/pulumi")
            shutil.rmtree(home, ignore_errors=True)
            unfinished.rename(home)
            return did
    except OSError as problem:
        if is_disk_full(problem):
            raise DiskFull.during("installing the Pulumi engine", cache) from problem
        raise UserError(f"The Pulumi engine could not be installed into {home}: {problem}.") from problem
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    raise UserError(f"The Pulumi engine {VERSION} could not be had from anywhere:\n- " + "\n- ".join(refusals))


def check_version(pulumi: Path) -> None:
    if installed_version(pulumi) != VERSION:
        raise UserError(f"The Pulumi engine at {pulumi} does not say that it is {VERSION}.")


def installed_version(pulumi: Path) -> str | None:
    """`3.250.0`; None when it does not run."""
    try:
        env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
        done = subprocess.run(
            [str(pulumi), "version"], env=env, capture_output=True, encoding="utf-8", errors="replace", timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else None


def copy_installed(target: Path, path: str | None = None) -> str:
    """Copies the first `pulumi` on PATH that has this very version and its Python script beside it.

    A copy and no link: it stays when the user updates theirs, and the engine looks for its plugins beside itself.
    """
    for folder in (path if path is not None else os.environ.get("PATH", "")).split(os.pathsep):
        found = Path(folder or ".") / "pulumi"
        if not os.access(found, os.X_OK) or _is_wrapper(found) or installed_version(found) != VERSION:
            continue
        beside = found.resolve().parent
        if not (beside / EXEC_NAME).exists():
            continue
        for name in WANTED:
            if (beside / name).exists():
                shutil.copy(beside / name, target / name)
        return f"{VERSION} was installed already ({found})"
    raise Unavailable(f"PATH: no pulumi {VERSION} there")


def _is_wrapper(path: Path) -> bool:
    with path.open("rb") as file:
        return WRITTEN_BY.encode() in file.read(300)
