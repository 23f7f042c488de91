"""`python -m bench`: run the groups, print the table. Exit status 1 when an aim is missed."""

from __future__ import annotations

import argparse
import json
import sys

from bench.measures import GROUPS
from bench.table import COLUMNS, Row, cells, document
from drlab.output import table_lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="./lab bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help=f"one of {', '.join(GROUPS)}")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chosen = [name for name in GROUPS if options.only is None or name.startswith(options.only)]
    if not chosen:
        parser.error(f"there is no group {options.only!r}; there are {', '.join(GROUPS)}")
    rows: list[Row] = []
    for name in chosen:
        print(f"measuring {name}, {options.rounds} rounds …", file=sys.stderr, flush=True)
        rows += GROUPS[name](options.rounds)
    if options.json:
        print(json.dumps(document(rows), indent=2))
    else:
        print("\n".join(table_lines(COLUMNS, [cells(row) for row in rows], indent=0)))
    return 1 if any(row.reached is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
