"""The package as somebody else has it: a wheel, installed by pip into an environment that knows nothing of this checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from support.lab import ROOT

from drlab.folders import Folders
from drlab.setup.pulumi_engine import engine_folder

HEADING = "## Use it in a program of your own\n"
NOT_SOURCES = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "tests", "docs", "node_modules")
NO_INDEX = "from versions: none"  # what pip says of a known package when it has reached no index


def run(*command: str | Path, timeout: float = 240, **options: object) -> subprocess.CompletedProcess[str]:
    """A command that has to succeed; its output otherwise."""
    done = attempt(*command, timeout=timeout, **options)
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
    return done


def attempt(*command: str | Path, timeout: float = 240, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False, **options
    )


def build_wheel(folder: Path) -> Path:
    """Built offline by the backend of .venv, from a copy: a build leaves its own folder beside the sources."""
    sources = folder / "sources"
    shutil.copytree(ROOT, sources, ignore=NOT_SOURCES)
    pip = [sys.executable, "-m", "pip", "--isolated", "wheel", "--no-index", "--no-build-isolation", "--no-deps"]
    run(*pip, "--wheel-dir", folder, sources)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> str:
    """Makes a virtual environment with the wheel in it. Says where its dependencies came from.

    From the index, in the versions that the checkout has; without an index from the checkout's own site-packages, by a .pth file
    (which brings nothing of the checkout itself: .pth files in there are not read).
    """
    venv.create(folder, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", "-q", "--retries", "0"]
    versions = folder / "constraints.txt"
    known = {item.name: item.version for item in distributions() if item.name != "drlab"}
    versions.write_text("".join(f"{name}=={version}\n" for name, version in known.items()), encoding="utf-8")
    done = attempt(*pip, "--timeout", "20", "-c", versions, wheel)
    if done.returncode == 0:
        return "index"
    index = attempt(*pip, "--timeout", "20", "--dry-run", "--no-deps", "httpx")
    assert NO_INDEX in index.stderr, done.stderr
    run(*pip, "--no-index", "--no-deps", wheel)
    (packages,) = folder.glob("lib/python3*/site-packages")
    theirs = Path(pytest.__file__).parents[1]
    (packages / "of-the-checkout.pth").write_text(f"{theirs}\n", encoding="utf-8")
    return "checkout"


def readme_project() -> str:
    """The Pulumi.yaml that the README tells."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", text[text.index(HEADING) :], re.DOTALL)
    assert found is not None
    return found[1]


@dataclass(frozen=True)
class Elsewhere:
    """A folder with a program, a virtual environment `venv` and Pulumi's own things; every call has a deadline."""

    folder: Path
    state: Path  # of the local cloud
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the shell's. The vendor's CLI has a language host of its own: the checkout's stands in for it."""
        folders = Folders.from_environment()
        pulumi = {"HOME": self.folder / "pulumi-home", "BACKEND_URL": f"file://{self.folder}", "CONFIG_PASSPHRASE": "none"}
        switches = {"SKIP_UPDATE_CHECK": "true", "DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
        return {
            "PATH": os.pathsep.join([str(engine_folder(folders)), "/usr/bin", "/bin"]),
            "HOME": str(self.folder),
            "NO_COLOR": "1",
            "DRLAB_STATE": str(self.state),
            "DRLAB_CACHE": str(folders.cache),
            "DRLAB_PYTHON": sys.executable,
            **{f"PULUMI_{name}": str(value) for name, value in {**pulumi, **switches}.items()},
            **self.extra,
        }

    def pulumi(self, *arguments: str, timeout: float = 240) -> str:
        """Both outputs of plain `pulumi`."""
        options = {"cwd": self.folder, "env": self.environment}
        program = engine_folder(Folders.from_environment()) / "pulumi"
        done = run(program, *arguments, "--non-interactive", "-s", "organization/pages/dev", timeout=timeout, **options)
        return done.stdout + done.stderr

    def without(self, *settings: str) -> None:
        """Takes settings out of Pulumi.yaml."""
        project = self.folder / "Pulumi.yaml"
        kept = {
            name: value for name, value in yaml.safe_load(project.read_text(encoding="utf-8")).items() if name not in settings
        }
        project.write_text(yaml.safe_dump(kept), encoding="utf-8")
