"""`python -m bench`: run the groups, print the table. Exit status 1 when an aim is missed or a group fails."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from bench.bare import last_setup
from bench.drill import DrillFailed
from bench.measures import GROUPS, LONG
from bench.table import COLUMNS, Row, cells, document
from ctyun.errors import CtyunError
from drlab.errors import EXIT_FAILED, EXIT_INTERRUPTED
from drlab.output import table_lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="./lab bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=GROUPS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if busy := busy_words(os.getloadavg()[0], os.cpu_count() or 1):
        print(f"note: {busy}", file=sys.stderr)
    names = [options.only] if options.only else [name for name in GROUPS if name not in LONG]
    rows, problem, status = measure(names, options.rounds)
    if not options.only:
        rows += last_setup()
        print("note: set-up from nothing is measured by `./lab bench --only setup`, for ten minutes and more", file=sys.stderr)
    if options.json:
        print(json.dumps(document(rows), indent=2))
    elif rows:
        print("\n".join(table_lines(COLUMNS, [cells(row) for row in rows], indent=0)))
    if problem:
        print(f"bench: {problem}", file=sys.stderr)
    return status or (1 if any(row.reached is False for row in rows) else 0)


def busy_words(load: float, cpus: int) -> str:
    """Empty where this machine has nothing else to do."""
    return f"this machine is busy (load {load:.1f} on {cpus} CPUs): what follows says little about it" if load > cpus else ""


def measure(names: Sequence[str], rounds: int) -> tuple[list[Row], str, int]:
    """Rows of all groups; or of those before one that failed or was interrupted, with the reason and an exit status."""
    rows: list[Row] = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            rows += GROUPS[name](rounds)
        except KeyboardInterrupt:
            return rows, f"interrupted while measuring {name}", EXIT_INTERRUPTED
        except (RuntimeError, DrillFailed, OSError, CtyunError) as error:
            return rows, f"{name} could not be measured: {error}", EXIT_FAILED
    return rows, "", 0


if __name__ == "__main__":
    sys.exit(main())
