"""What the package offers is exactly what it says it offers, and the light parts stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ctyun
from ctyun import Client


def imported_names() -> set[str]:
    """The names that `__init__` imports from this package, at once or for type checkers."""
    tree = ast.parse(Path(ctyun.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ctyun")]
    return {alias.name for node in imports for alias in node.names}


def test_all_is_what_can_be_imported() -> None:
    assert sorted(imported_names()) == sorted(ctyun.__all__)
    for name in ctyun.__all__:
        assert hasattr(ctyun, name), name


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'ctyun' has no attribute 'Nothing'"):
        _ = ctyun.Nothing


def test_the_docstring_names_every_service() -> None:
    services = set(vars(Client(ctyun.Endpoints.at("http://x"), ctyun.Credentials("a" * 32, "b" * 32))))
    services -= {"endpoints", "credentials", "transport"}
    assert ctyun.__doc__ is not None
    assert [name for name in sorted(services) if name not in ctyun.__doc__] == []


def test_names_and_keys_are_looked_up_without_the_http_library() -> None:
    """A preview resolves regions, and every command reads the cloud's record: neither may pay for httpx."""
    code = "import sys, ctyun.regions, ctyun.credentials, ctyun.errors; print('httpx' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert shown.stdout.strip() == "False"
