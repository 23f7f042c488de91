"""What every resource type implements, and the values that go in and out. All plain Python; the plugin wraps and unwraps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_ctyun.provider.about import About

Plain = Mapping[str, Any]

DEFAULT_TIMEOUT = 600.0  # seconds; `custom_timeouts` of a resource overrides it


@dataclass(frozen=True)
class Created:
    """A resource that exists: its id, and the outputs that are not inputs."""

    id: str
    outputs: dict[str, Any] = field(default_factory=dict)


@dataclass
class Desired:
    """A resource as the program wants it. `held`: ids that the state has under this name already, to be replaced by this one.

    A handler calls `reached` as soon as the thing exists: if something fails after that, or the update is cancelled, the
    engine still records it.
    """

    urn: str
    mark: str
    inputs: Plain
    timeout: float = DEFAULT_TIMEOUT
    secrets: frozenset[str] = frozenset()  # all secret texts among the inputs, to be kept out of errors
    held: frozenset[str] = frozenset()
    created: Created | None = None
    spellings: dict[str, Sequence[str]] = field(default_factory=dict)  # as of `Observed`

    def reached(self, id: str, **outputs: Any) -> Created:
        self.created = Created(id, outputs)
        return self.created


@dataclass(frozen=True)
class Recorded:
    """A resource as the state has it: inputs and outputs in one map. Empty when it is being imported.

    `unfinished`: an update was killed or has failed: what is there may be neither what the state says nor what is desired.
    """

    urn: str
    mark: str
    id: str
    state: Plain
    timeout: float | None = None  # only when `custom_timeouts` says so
    secrets: frozenset[str] = frozenset()  # all secret texts of the state, to be kept out of errors
    unfinished: bool = False

    @property
    def about(self) -> About:
        return About.of(self.state)

    @property
    def is_import(self) -> bool:
        return not self.state


@dataclass(frozen=True)
class Observed:
    """A resource as the cloud has it. `inputs` holds those that can be read; None = the cloud has no value. `spellings`: of an
    input that a program can say in several ways which only the cloud knows, all of them."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    spellings: dict[str, Sequence[str]] = field(default_factory=dict)


class Handler(ABC):
    """Create, read, update and delete of one resource type. Raises PluginError or errors of `ctyun`."""

    @abstractmethod
    async def create(self, desired: Desired) -> Created:
        """Make it, or adopt what an interrupted create has left."""

    async def read(self, recorded: Recorded) -> Observed | None:
        """What is there now; None when it is gone. Here: what cannot be looked at is what the state says."""
        return Observed(recorded.id, {}, {})

    async def update(self, recorded: Recorded, desired: Desired) -> Created:
        """Carry out changes that need no replacement; also completes a create that was interrupted."""
        return Created(recorded.id)

    async def delete(self, recorded: Recorded) -> None:
        """Remove it; fine when it is gone already. Here: there is nothing to remove."""
        return
