"""The Python environment that a program runs in: chosen by the runtime options of Pulumi.yaml."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

OWN = Path(__file__).parents[2] / ".venv"
EXEC_SCRIPT = "pulumi-language-python-exec"  # comes with the engine's Python SDK, as a script


class EnvironmentProblem(Exception):
    """The program cannot be started; the text says why and what to do."""


@dataclass(frozen=True)
class PythonEnvironment:
    """An interpreter and where its packages are. `folder` is None for an interpreter outside any virtual environment."""

    python: Path
    folder: Path | None

    @classmethod
    def of(cls, options: Mapping[str, object], root: Path, project: str = "Pulumi.yaml") -> PythonEnvironment:
        """From `runtime.options` of the file `project`; a relative `virtualenv` counts from its folder, as in the vendor's host.

        Without that option it is the one that is active in the shell, and where none is, this host's own interpreter.
        Raises EnvironmentProblem for a missing virtual environment or an option that is not supported here.
        """
        toolchain = options.get("toolchain", "pip")
        if toolchain != "pip":
            raise EnvironmentProblem(f"{project}: runtime option toolchain: {toolchain} is not supported here; use pip")
        if options.get("typechecker"):
            raise EnvironmentProblem(f"{project}: runtime option typechecker is not supported here; run mypy by itself")
        wanted = options.get("virtualenv")
        if not wanted:
            return cls._active(os.environ.get("VIRTUAL_ENV"))
        folder = root / str(wanted)
        python = folder / "bin" / "python"
        if not python.exists():
            how = "run ./lab to make it" if folder == OWN else f"make it: python3 -m venv {folder}, and install its packages"
            raise EnvironmentProblem(f"the virtual environment {folder} of {project} has no bin/python; {how}")
        return cls(python, folder)

    @classmethod
    def _active(cls, virtual_env: str | None) -> PythonEnvironment:
        """Of the folder that `. bin/activate` names. One that is gone counts for nothing, as it does for the shell."""
        if virtual_env and (python := Path(virtual_env) / "bin" / "python").exists():
            return cls(python, Path(virtual_env))
        return cls(Path(sys.executable), None)

    def variables(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of an activated virtual environment."""
        variables = dict(inherited)
        if self.folder is not None:
            variables["VIRTUAL_ENV"] = str(self.folder)
            variables["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{inherited.get('PATH', os.defpath)}"
            variables.pop("PYTHONHOME", None)
        return variables

    def packages(self) -> list[str]:
        """The folders that hold its installed packages."""
        if self.folder is None:
            return [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
        return sorted(str(path) for path in self.folder.glob("lib/python3*/site-packages"))

    def distributions(self) -> list[tuple[str, str]]:
        """(name, version) of everything installed, by name."""
        from importlib import metadata  # only `pulumi about` asks, and it is a sixth of this host's start

        found = {str(item.metadata["Name"]): item.version for item in metadata.distributions(path=self.packages())}
        return sorted(found.items())


@dataclass(frozen=True)
class PulumiPackage:
    """What a Python package says about its plugin, in `pulumi-plugin.json`."""

    name: str
    version: str
    server: str


def pulumi_packages(environment: PythonEnvironment) -> Iterator[PulumiPackage]:
    """The resource plugins that installed packages ask for.

    Only the top folder of each package is looked at, which is where Pulumi's code generator puts the file.
    """
    for folder in environment.packages():
        for path in sorted(Path(folder).glob("*/pulumi-plugin.json")):
            said = json.loads(path.read_text(encoding="utf-8"))
            if said.get("resource"):
                name = str(said.get("name") or path.parent.name.removeprefix("pulumi_"))
                yield PulumiPackage(name, str(said.get("version") or ""), str(said.get("server") or ""))


def exec_script(variables: Mapping[str, str]) -> Path:
    """The SDK's script that runs a program: named by DRLAB_LANGUAGE_EXEC, else in a folder of PATH (beside `pulumi`)."""
    named = variables.get("DRLAB_LANGUAGE_EXEC")
    candidates = [Path(named)] if named else [Path(folder) / EXEC_SCRIPT for folder in _path_folders(variables)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    where = named or "any folder of PATH"
    raise EnvironmentProblem(f"{EXEC_SCRIPT} was not found in {where}; run ./lab, which puts it beside the Pulumi CLI")


def _path_folders(variables: Mapping[str, str]) -> list[str]:
    return [folder for folder in variables.get("PATH", os.defpath).split(os.pathsep) if folder]
