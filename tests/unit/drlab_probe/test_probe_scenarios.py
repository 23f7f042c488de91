"""What a client sees of a site that fails: text in, text out; see support/probe_scenario.py for the grammar.

REWRITE_SCENARIOS=1 writes what is seen into the files; commit that only if you understand what has changed it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.probe_scenario import play

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_scenario(path: Path) -> None:
    script, _, expected = path.read_text().partition("----\n")
    seen = play(script)
    if os.environ.get("REWRITE_SCENARIOS"):
        path.write_text(f"{script}----\n{seen}")
        return
    assert seen == expected
