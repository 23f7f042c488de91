"""Where things lie: the project itself, what may be rebuilt (cache), and what one lab knows (state)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = "drlab"  # Pulumi's project name, part of its state paths
PRIVATE = 0o700
COMPRESSED = (".gz", ".zst")  # endings of a stack's state with PULUMI_DIY_BACKEND_GZIP or _ZSTD


@dataclass(frozen=True)
class Folders:
    """The three folders of a lab. One state folder = one local cloud; two labs side by side differ in `state` only."""

    root: Path  # the work tree: program, providers, `.venv`
    state: Path  # Pulumi state, passphrase, SQLite, keys, disks; 0700
    cache: Path  # rebuildable: engine, base images' pieces; shared by all labs of the user

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Folders:
        env = os.environ if environment is None else environment
        home = Path(env.get("HOME") or Path.home())
        return cls(
            root=ROOT,
            state=_chosen(env, "DRLAB_STATE", "XDG_STATE_HOME", home / ".local/state"),
            cache=_chosen(env, "DRLAB_CACHE", "XDG_CACHE_HOME", home / ".cache"),
        )

    def ensure_state(self) -> None:
        """Make the state folder, readable by its owner alone: Pulumi writes its files world-readable."""
        self.state.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        self.state.chmod(PRIVATE)

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def cloud_record(self) -> Path:
        return self.state / "cloud.json"

    @property
    def cloud_log(self) -> Path:
        return self.state / "cloud.log"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def python(self) -> Path:
        return self.root / ".venv/bin/python"

    @property
    def pulumi(self) -> Path:
        """The wrapper that set-up writes: sets backend, passphrase file and plugins, where its environment has no others."""
        return self.root / ".venv/bin/pulumi"

    def stack_file(self, stage: str) -> Path:
        """Pulumi's own state of a stack; a compressed one where plain `pulumi` was told to write it so."""
        plain = self.state / "pulumi/.pulumi/stacks" / PROJECT / f"{stage}.json"
        kinds = [plain, *(plain.with_name(f"{plain.name}{ending}") for ending in COMPRESSED)]
        return max((path for path in kinds if path.exists()), key=lambda path: path.stat().st_mtime_ns, default=plain)

    def stack_locks(self, stage: str) -> Path:
        """The folder in which Pulumi's file backend keeps the locks of a stack."""
        return self.state / "pulumi/.pulumi/locks/organization" / PROJECT / stage

    def settings_file(self, stage: str) -> Path:
        """Deviations from the defaults of a stage; ignored by git."""
        return self.root / f"Pulumi.{stage}.yaml"

    @property
    def ssh(self) -> Path:
        """Keys, known hosts and settings for ssh, a file of each per stage."""
        return self.state / "ssh"


def _chosen(env: Mapping[str, str], own: str, xdg: str, fallback: Path) -> Path:
    if env.get(own):
        return Path(env[own]).expanduser().absolute()
    base = Path(env[xdg]) if env.get(xdg) else fallback
    return base / PROJECT
