"""clientTokens that survive a killed update: written before the create is sent, so that a repeat asks for the same thing.

One small file per mark in STATE/tokens, which is there as long as the create is unfinished: until its thing stands in the
engine's state for sure. That is when the engine names its id (in a diff, a read, an update, a delete), or ends in good order,
since it has written down by then whatever it was answered. A file thus accounts for what a killed run has left, and a thing
without one is nobody's to take.

Orders that change a resource have tokens of their own, under the mark and a word ("<mark>.renewal"). That an update has begun
is noted in the same way ("<mark>.update"): what a killed one has left half-done is put right by the next run, also when the
program then wants again what the state says.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Token:
    """Of an unfinished create. `value` is sent as clientToken (at most 64 characters), `id` is what came of it, once known;
    `beside` are the ids that the state had under its name when it began, which it replaces."""

    value: str
    digest: str
    id: str = ""
    beside: tuple[str, ...] = ()

    def is_for(self, inputs: Mapping[str, Any]) -> bool:
        """Was it made for exactly these inputs?"""
        return self.digest == digest(self.value, inputs)

    def accounts_for(self, id: str, inputs: Mapping[str, Any]) -> bool:
        """Is that thing what the create with these inputs has made?"""
        return self.is_for(inputs) and self.id in ("", id)


class Tokens:
    """The folder of tokens. Files are tiny and local: reading them on the event loop is fine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answered: set[str] = set()  # keys of what is over as soon as the engine has recorded it

    def unfinished(self, mark: str) -> Token | None:
        """The unfinished create's token; a damaged file counts as none. (Older ones say "done", and are over.)"""
        try:
            body = json.loads(self._file(mark).read_text(encoding="utf-8"))
            beside = tuple(map(str, body.get("beside") or ()))
            return None if body.get("done") else Token(str(body["token"]), str(body["digest"]), str(body.get("id") or ""), beside)
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def take(self, mark: str, inputs: Mapping[str, Any], beside: Collection[str] = ()) -> Token:
        """The unfinished create's token, or a new one; stored before it is returned."""
        recorded = self.unfinished(mark)
        if recorded and recorded.is_for(inputs):
            return recorded
        value = f"{mark.partition('.')[0]}-{secrets.token_hex(16)}"  # the same length whatever the order's word is
        return self._store(mark, Token(value, digest(value, inputs), "", tuple(sorted(beside))))

    def created(self, mark: str, id: str) -> None:
        """The create is about to be answered with this id. The engine may still be killed before it has written that down."""
        recorded = self.unfinished(mark)
        if recorded:
            self._store(mark, replace(recorded, id=id))
            self._answered.add(mark)

    def recorded(self, mark: str, id: str) -> None:
        """The engine's state holds this id under this mark: the create that made it is over."""
        recorded = self.unfinished(mark)
        if recorded is None or recorded.id == id:
            self.forget(mark)

    def end(self) -> None:
        """The engine ends in good order: whatever it was answered stands in its state."""
        while self._answered:
            self.forget(self._answered.pop())

    def forget(self, mark: str) -> None:
        """Nothing came of it, or it is over."""
        self._file(mark).unlink(missing_ok=True)

    def carried_out(self, key: str, id: str) -> None:
        """An order that changes something is done: a note, since the state may not come to say so (see `forget_changes`)."""
        recorded = self.unfinished(key)
        if recorded:
            self._store(key, replace(recorded, id=id))

    def begin_update(self, mark: str) -> bool:
        """From now on it is unfinished. Says whether an earlier one is, whose changes stand in nobody's state."""
        earlier = self.is_updating(mark)
        self._answered.discard(_update(mark))
        self.take(_update(mark), {})
        return earlier

    def is_updating(self, mark: str) -> bool:
        key = _update(mark)
        return key not in self._answered and self.unfinished(key) is not None

    def updated(self, mark: str) -> None:
        """The update is about to be answered."""
        self._answered.add(_update(mark))

    def forget_changes(self, mark: str) -> None:
        """The resource is gone."""
        for file in self._folder.glob(f"{mark}.*"):
            file.unlink(missing_ok=True)

    def _file(self, mark: str) -> Path:
        return self._folder / mark

    def _store(self, mark: str, token: Token) -> Token:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        body = {"token": token.value, "digest": token.digest, "id": token.id, "beside": token.beside}
        write_private(self._file(mark), json.dumps(body))
        return token


def _update(mark: str) -> str:
    return f"{mark}.update"


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
