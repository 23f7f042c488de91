"""clientTokens that survive a killed update: written before the create is sent, so that a repeat asks for the same thing.

One small file per mark in STATE/tokens: the token, a digest of the inputs it was made for, and whether the create came to
its end. A token is used again only while its create is unfinished and the inputs are the same. Orders that change a resource
have tokens of their own, under the mark and a word ("<mark>.renewal").
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Token:
    """`value` is sent as clientToken (at most 64 characters)."""

    value: str
    digest: str
    done: bool = False

    def is_for(self, inputs: Mapping[str, Any]) -> bool:
        """Was it made for exactly these inputs?"""
        return self.digest == digest(self.value, inputs)


class Tokens:
    """The folder of tokens. Files are tiny and local: reading them on the event loop is fine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def known(self, mark: str) -> Token | None:
        """What was stored for this mark; a damaged file counts as none."""
        try:
            body = json.loads(self._file(mark).read_text(encoding="utf-8"))
            return Token(str(body["token"]), str(body["digest"]), bool(body["done"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def take(self, mark: str, inputs: Mapping[str, Any]) -> Token:
        """The unfinished create's token, or a new one; stored before it is returned."""
        known = self.known(mark)
        if known and not known.done and known.is_for(inputs):
            return known
        value = f"{mark}-{secrets.token_hex(16)}"
        return self._store(mark, Token(value, digest(value, inputs)))

    def finish(self, mark: str) -> None:
        """The create has come to its end: its token must not be sent again."""
        known = self.known(mark)
        if known:
            self._store(mark, Token(known.value, known.digest, done=True))

    def forget(self, mark: str) -> None:
        """The resource is gone, and so are changes of it ("<mark>.<what>")."""
        for file in (self._file(mark), *self._folder.glob(f"{mark}.*")):
            file.unlink(missing_ok=True)

    def _file(self, mark: str) -> Path:
        return self._folder / mark

    def _store(self, mark: str, token: Token) -> Token:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        body = {"token": token.value, "digest": token.digest, "done": token.done}
        write_private(self._file(mark), json.dumps(body))
        return token


def digest(salt: str, inputs: Mapping[str, Any]) -> str:
    """A hash of all inputs, salted, since passwords are among them."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{salt}|{text}".encode()).hexdigest()


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file that is there whole or not at all, also after a power cut."""
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
