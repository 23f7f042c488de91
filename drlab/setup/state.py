"""The state folder, readable by its owner alone, and the passphrase that Pulumi encrypts secrets with."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from drlab.errors import UserError
from drlab.folders import PRIVATE, Folders
from drlab.setup.steps import Step

PASSPHRASE_BYTES = 32


def state_step(folders: Folders) -> Step:
    return Step("state", lambda: missing_state(folders), lambda tell: make_state(folders))


def passphrase_file(folders: Folders) -> Path:
    return folders.state / "passphrase"


def passphrase_id_file(folders: Folders) -> Path:
    """A name for the passphrase, not secret: settings files encrypted with another one are told by it."""
    return folders.state / "passphrase-id"


def missing_state(folders: Folders) -> str | None:
    try:
        mode = stat.S_IMODE(folders.state.stat().st_mode)
        has_passphrase = all(_has_content(path) for path in (passphrase_file(folders), passphrase_id_file(folders)))
    except FileNotFoundError:
        return f"making {folders.state}"
    except PermissionError:
        return f"making {folders.state}"  # fails with the sentence for it
    if mode != PRIVATE:
        return f"closing {folders.state} to other users"
    return None if has_passphrase else "making a passphrase"


def make_state(folders: Folders) -> str:
    """Raises UserError when the folder belongs to somebody else, or when a new passphrase would orphan old secrets."""
    try:
        folders.ensure_state()
        (folders.state / "pulumi").mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as problem:
        raise UserError(
            f"The state folder {folders.state} cannot be made or closed to others: {problem.strerror}.",
            "name a folder of your own in DRLAB_STATE",
        ) from problem
    if not _has_content(passphrase_id_file(folders)):
        write_private(passphrase_id_file(folders), secrets.token_hex(8) + "\n")
    path = passphrase_file(folders)
    if _has_content(path):
        return f"{folders.state} complete and closed to other users"
    if any((folders.state / "pulumi/.pulumi/stacks").glob("*/*.json")):
        raise UserError(
            f"{path} is gone, and the stacks beside it hold secrets encrypted with it.",
            f"put the file back, or give up these stacks: rm -r {folders.state / 'pulumi'}",
        )
    write_private(path, secrets.token_urlsafe(PASSPHRASE_BYTES) + "\n")
    return f"{folders.state} with a new passphrase"


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def write_private(path: Path, text: str) -> None:
    """A file of mode 0600 that is either whole or absent."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)
