"""Local files that are to be on a server: found, read and hashed. Knows nothing of SSH."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any


@dataclass(frozen=True)
class Item:
    """One file as it shall be on the server."""

    path: str  # absolute
    content: bytes = field(repr=False)
    mode: int
    owner: str  # "user:group"

    @property
    def hash(self) -> str:
        """Of all that makes a difference on the server."""
        head = f"{self.mode:04o} {self.owner}\n".encode()
        return hashlib.sha256(head + self.content).hexdigest()


def problem_of(source: str) -> str | None:
    """Why a local source cannot be used, if so."""
    path = Path(source)
    if path.is_dir():
        return None if any(_files_in(path)) else f"is the folder {source}, in which there is no file"
    return None if path.is_file() else f"is {source}, which is no file or folder here ({Path.cwd()})"


def expand(file: Mapping[str, Any]) -> Iterator[Item]:
    """The items of one entry of `files`; a folder brings all files below it, in the order of their names."""
    mode, owner = int(file["mode"], 8), file["owner"]
    if file.get("source") is None:
        yield Item(_normal(file["path"]), file["content"].encode(), mode, owner)
        return
    source = Path(file["source"])
    if source.is_dir():
        for path in _files_in(source):
            target = PurePosixPath(file["path"], *path.relative_to(source).parts)
            yield Item(_normal(str(target)), path.read_bytes(), mode, owner)
    else:
        yield Item(_normal(file["path"]), source.read_bytes(), mode, owner)


def expand_all(files: Sequence[Mapping[str, Any]]) -> list[Item]:
    """All items; a later entry wins over an earlier one that brings the same path."""
    return list({item.path: item for file in files for item in expand(file)}.values())


def tar_of(items: Iterable[Item]) -> bytes:
    """A tar to be unpacked at "/". Owners travel by name: the server knows its own numbers."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for item in items:
            info = tarfile.TarInfo(item.path.lstrip("/"))
            info.size, info.mode = len(item.content), item.mode
            info.uname, _, info.gname = item.owner.partition(":")
            tar.addfile(info, io.BytesIO(item.content))
    return buffer.getvalue()


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def _normal(path: str) -> str:
    return str(PurePosixPath(path))
