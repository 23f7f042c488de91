"""How long tests take: kept in a file of each run, and shown at its end."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = Path(__file__).parents[2] / ".pytest_cache/durations.json"  # of the last run
LANE = "DRLAB_TEST_DURATIONS"  # environment: where a lane of a longer run leaves its own
SLOWEST = 20
AT_LEAST = 10.0  # seconds: a run below that has no slow tests


@dataclass(frozen=True)
class Took:
    """One test; what it shares with others (a stage, a cloud) is in the set-up of the first, and in the teardown of the last."""

    test: str
    setup: float = 0.0
    call: float = 0.0
    teardown: float = 0.0

    @property
    def seconds(self) -> float:
        return self.setup + self.call + self.teardown

    @property
    def folder(self) -> str:
        return self.test.partition("::")[0].rpartition("/")[0]


def keep(file: Path, took: list[Took]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(one) for one in took], indent=0), encoding="utf-8")


def kept(file: Path) -> list[Took]:
    """None of a run that did not come to its end."""
    return [Took(**one) for one in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []


def lines(took: list[Took]) -> list[str]:
    """The slowest tests, and the time of each folder; nothing for a short run."""
    folders: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for one in took:
        folders[one.folder] += one.seconds  # type: ignore[assignment]  # a Counter adds floats, too
        numbers[one.folder] += 1
    if folders.total() < AT_LEAST:
        return []
    slowest = sorted(took, key=lambda one: one.seconds, reverse=True)[:SLOWEST]
    shown = [f"The slowest {len(slowest)} tests, with set-up and teardown:"]
    shown += [f"{one.seconds:8.1f} s  {one.test} ({one.setup:.1f} + {one.call:.1f} + {one.teardown:.1f})" for one in slowest]
    shown += ["Time by folder:"]
    return shown + [f"{seconds:8.1f} s  {folder} ({numbers[folder]} tests)" for folder, seconds in folders.most_common()]
