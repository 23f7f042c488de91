"""The few shapes of nftables' language that rule sets here are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TABLE = "drlab"


@dataclass(frozen=True)
class Table:
    """A table that replaces what stood under its name before."""

    family: str
    parts: tuple[str, ...]

    def text(self) -> str:
        body = "".join(self.parts)
        # "add" before "delete": deleting a table that is not there would fail the whole transaction.
        return f"add table {self.family} {TABLE}\ndelete table {self.family} {TABLE}\ntable {self.family} {TABLE} {{\n{body}}}\n"


def elements(name: str, kind: str, values: Iterable[str]) -> str:
    """A named set; it may be empty, which an anonymous one may not."""
    return _collection("set", name, kind, values)


def mapping(name: str, kind: str, values: Iterable[str]) -> str:
    """A named map."""
    return _collection("map", name, kind, values)


def chain(name: str, hook: str, rules: Iterable[str]) -> str:
    """A chain; with a hook ("type filter hook ...; policy ...;") a base chain."""
    lines = [hook] if hook else []
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in [*lines, *rules]) + "  }\n"


def braces(values: Iterable[str]) -> str:
    """An anonymous set."""
    return f"{{ {', '.join(values)} }}"


def _collection(word: str, name: str, kind: str, values: Iterable[str]) -> str:
    found = list(dict.fromkeys(values))
    content = f" elements = {braces(found)};" if found else ""
    return f"  {word} {name} {{ type {kind};{content} }}\n"
