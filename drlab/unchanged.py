"""Whether an update can bring nothing new: program, settings, packages and state are what the last one that succeeded left.

Only files' times and sizes are looked at. It saves the preview before an update; what the preview is for, that nothing is
lost without a word, the provider sees to as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from drlab.folders import PRIVATE, Folders
from drlab.looks import files_in, looks_of
from drlab.settings import read_settings


def is_unchanged(folders: Folders, stage: str, settings: Mapping[str, str]) -> bool:
    """`settings`: those of this call, which may be the stored ones again."""
    stored = read_settings(folders.settings_file(stage))
    if any(str(stored.get(key)) != value for key, value in settings.items()):
        return False
    try:
        return _note(folders, stage).read_text(encoding="utf-8") == fingerprint(folders, stage)
    except FileNotFoundError:
        return False


def remember(folders: Folders, stage: str) -> None:
    """Note that the stage is as program and settings want it."""
    note = _note(folders, stage)
    note.parent.mkdir(mode=PRIVATE, exist_ok=True)
    note.write_text(fingerprint(folders, stage), encoding="utf-8")


def fingerprint(folders: Folders, stage: str) -> str:
    """Of everything that decides what an update does."""
    packages = [folders.root / ".venv/drlab-stamp", *sorted((folders.root / ".venv/lib").glob("*/site-packages"))]
    return looks_of([*files_in(folders.root), *packages, folders.stack_file(stage)])


def _note(folders: Folders, stage: str) -> Path:
    return folders.state / "settled" / stage
