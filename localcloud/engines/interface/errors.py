"""What can go wrong with engines. Apart from the values, for whoever needs no more than these."""

from __future__ import annotations


class EngineError(Exception):
    """An engine could not do what was asked; the text says what, on which thing, and why."""


class HalfApplied(EngineError):
    """One of a balancer's processes could not be brought to what is wanted, another one is."""
