"""What is taken and changes nothing stands in docs/fidelity.md, and nothing stands there that is read or refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from localcloud.routes import all_routes

ROOT = Path(__file__).parents[3]
HEAD, PROSE = "## Fields that are taken and change nothing\n", "Taken where they mean nothing, too: "
TWINS = "/v4/ecs/vpc/"  # of the server product, for calls of the network product


def section() -> str:
    text = (ROOT / "docs/fidelity.md").read_text(encoding="utf-8")
    return text.partition(HEAD)[2].partition("\n## ")[0]


def documented() -> set[tuple[str, str]]:
    """(call, field) of every row."""
    rows = [row.split("|")[1:3] for row in section().splitlines() if row.startswith("| `")]
    return {(call, name) for calls, names in rows for call in words(calls) for name in words(names)}


def words(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_table_is_what_the_routes_say() -> None:
    said = {
        (f"{method} {path}", name)
        for (method, path), route in all_routes().items()
        for name in route.ignores
        if not path.startswith(TWINS)
    }
    assert said and documented() == said


def passed_over_in_handlers() -> Iterator[str]:
    for path in (ROOT / "localcloud/services").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ignore":
                yield from (str(text.value) for text in node.args if isinstance(text, ast.Constant))


def test_what_handlers_pass_over_stands_below_it() -> None:
    prose = section().partition(PROSE)[2].splitlines()[0]
    assert set(passed_over_in_handlers()) == set(words(prose)) - {"refundOrder"}
