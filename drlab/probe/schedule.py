"""When to send. The times are fixed before the first request: a slow or silent site delays no later send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drlab.errors import WrongArguments
from drlab.probe.journal import READ, WRITE

MAX_RATE = 20.0  # of each kind; a prober looks, it does not load
MAX_SENDS = 100_000  # of a run


@dataclass(frozen=True)
class Plan:
    """What a run sends. Raises WrongArguments that names everything that is wrong."""

    rate: float = 5.0  # sends a second of each kind
    writes: bool = False  # reads always
    seconds: float | None = None  # None: until it is stopped
    deadline: float = 2.5  # of one request; the site itself says within 2 s that its database is away

    def __post_init__(self) -> None:
        problems = []
        if not 0 < self.rate <= MAX_RATE:
            problems.append(f"the rate is {self.rate:g} a second; it can be more than 0 and at most {MAX_RATE:g}")
        if self.seconds is not None and not self.seconds > 0:
            problems.append(f"the run is to last {self.seconds:g} s; it must last longer than 0")
        if self.seconds is not None and self.seconds * self.rate * len(self.kinds) > MAX_SENDS:
            problems.append(f"{self.seconds:g} s at this rate are more than {MAX_SENDS} sends, the most that one run makes")
        if problems:
            raise WrongArguments(f"This cannot be watched: {'; '.join(problems)}.")

    @property
    def kinds(self) -> tuple[str, ...]:
        return (READ, WRITE) if self.writes else (READ,)

    @property
    def interval(self) -> float:
        """Between two sends of one kind: no outage is known more exactly than this."""
        return 1 / self.rate


@dataclass(frozen=True)
class Due:
    """One send that is to be made."""

    number: int
    kind: str
    at: float  # seconds since the run's begin


def schedule(plan: Plan) -> Iterator[Due]:
    """All sends of a run, in order; reads and writes take turns, evenly spaced."""
    kinds = plan.kinds
    for number in range(MAX_SENDS):
        at = number * plan.interval / len(kinds)
        if plan.seconds is not None and at >= plan.seconds:
            return
        yield Due(number, kinds[number % len(kinds)], at)
