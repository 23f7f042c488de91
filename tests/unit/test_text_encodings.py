"""Every text that the project reads, writes or takes from a command says its encoding.

Else it is the terminal's: in one of GBK or C the same file is read as something else, or not at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("__main__.py", "bench", "components", "ctyun", "drlab", "examples", "localcloud", "plugins", "pulumi_ctyun", "stacks")
OTHER_OPENS = ("Lab", "folder", "os", "tarfile")  # whose `open` opens no text file


def files() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def without_encoding(source: str) -> list[int]:
    """Lines of calls that take the encoding from the environment."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if is_text(call) and not {"encoding", None} & {k.arg for k in call.keywords}]


def is_text(call: ast.Call) -> bool:
    owner, name = (ast.unparse(call.func).rpartition(".")[::2]) if isinstance(call.func, ast.Attribute | ast.Name) else ("", "")
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in ("read_text", "write_text"):
        return True
    if name == "fdopen" or (name == "open" and owner not in OTHER_OPENS):
        return not is_binary([*call.args, *([given["mode"]] if "mode" in given else [])])
    if name in ("NamedTemporaryFile", "TemporaryFile"):
        return bool(call.args) and not is_binary(call.args)
    return bool({"text", "universal_newlines"} & given.keys())


def is_binary(arguments: list[ast.expr]) -> bool:
    modes = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str) and len(a.value) <= 3]
    return any("b" in mode for mode in modes)


def test_every_text_says_its_encoding() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}" for path in files() for line in without_encoding(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("path.read_text()", True),
        ("path.read_text(encoding='utf-8')", False),
        ("a.b(c).write_text(text)", True),
        ("open(name)", True),
        ("open(name, 'rb')", False),
        ("path.open('a')", True),
        ("path.open(mode='wb')", False),
        ("self.folders.log.open(errors='replace')", True),
        ("os.fdopen(number, 'w')", True),
        ("os.open(name, flags)", False),
        ("Lab.open(json=json)", False),
        ("tempfile.NamedTemporaryFile('w')", True),
        ("subprocess.run(command, text=True)", True),
        ("subprocess.run(command, encoding='utf-8')", False),
    ],
)
def test_the_rule_itself(source: str, caught: bool) -> None:
    assert bool(without_encoding(source)) is caught
