"""Reading an order for servers: what it names is looked up, and what does not exist is told with all that is malformed."""

from __future__ import annotations

from localcloud.api.calls import NOWHERE, Call
from localcloud.records.errors import ApiError
from localcloud.records.store import Kind, R


class Reader:
    """Reads one order; what does not exist is kept apart from what is malformed."""

    def __init__(self, call: Call) -> None:
        self.call, self.fields, self.region = call, call.fields, call.region()
        self.absent: list[ApiError] = []

    def look_up(self, kind: Kind[R], record_id: str) -> R | None:
        """The record, or None and a note that it is missing."""
        if not record_id or self.region is NOWHERE:
            return None
        try:
            return self.call.store.require(kind, record_id, self.region.id)
        except ApiError as error:
            self.absent.append(error)
            return None

    def check(self) -> None:
        """Raise all problems; a single missing thing keeps its own error code."""
        if len(self.absent) == 1 and not self.fields.problems:
            self.fields.check()
            raise self.absent[0]
        self.fields.problems += [str(error) for error in self.absent]
        self.fields.check()
