"""The HA controller against scripted faults: text in, text out; see support/ha_scenario.py for the grammar.

REWRITE_SCENARIOS=1 writes what is seen into the files; commit that only if you understand what has changed it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.ha_scenario import play

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_scenario(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "localcloud")
    script, _, expected = path.read_text().partition("----\n")
    seen = play(script)
    if os.environ.get("REWRITE_SCENARIOS"):
        path.write_text(f"{script}----\n{seen}")
        return
    assert seen == expected
