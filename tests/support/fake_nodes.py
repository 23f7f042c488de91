"""One MySQL node that only counts: each write is a number.

`reached`: what it has executed; `relay`: what it has received besides. Numbers count up over an instance's whole life.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from localcloud.engines.interface.databases import DatabaseNode

FULL = "disk full"
MEGABYTE = 1_000_000


@dataclass
class FakeNode:
    """One node. `log`: the writes it has executed, by number."""

    spec: DatabaseNode
    running: bool = False
    writable: bool = False
    semi_sync: bool = False
    trial: bool = False  # asks for acknowledgements, and waits for none
    in_time: bool = False
    acks: int = 0
    log: dict[int, str] = field(default_factory=dict)
    relay: dict[int, str] = field(default_factory=dict)
    source: str = ""
    acknowledges: bool = True
    asks: bool = False  # its receiver runs, connected or not
    receiving: bool = False
    applying: bool = False
    lazy: bool = False  # receives, but applies only when it is told to
    mute: bool = False  # receives, but nobody hears its acknowledgements
    late: bool = False  # receives a write only when there is another one
    broken: str = ""
    left: int = 0  # bytes that its applier needs a second for each million of
    stuck: bool = False  # its relay log cannot be read to its end
    torn: bool = False  # its receiver ends as soon as it is started
    checked: str = ""  # the source that it has been held against
    full: bool = False
    hangs: bool = False
    shut_out: bool = False  # until it starts anew; clients notice nothing
    slow: float = 0.0  # seconds that a look at it takes
    waiting: dict[int, str] = field(default_factory=dict)  # written, and not acknowledged yet
    refused: str = ""  # what its source says to it, where it does not let it in
    disk_gib: int = 0  # of its file system, which takes over what its file has when the node boots

    @property
    def reached(self) -> int:
        return next(reversed(self.log), 0)  # numbers are added in their order

    @property
    def received(self) -> int:
        return next(reversed(self.relay), self.reached)

    def stop(self) -> None:
        self.running = self.writable = self.asks = self.receiving = self.applying = self.hangs = self.shut_out = False
        self.semi_sync = self.trial = self.in_time = False
        self.waiting.clear()


def gtid(number: int) -> str:
    """A position, as MariaDB writes it."""
    return f"0-1-{number}" if number else ""
