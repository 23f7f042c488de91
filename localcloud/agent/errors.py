"""What an operation of the agent raises when it cannot do what was asked."""

from __future__ import annotations


class OpError(Exception):
    """The text says what was attempted, on which thing, and why it failed; it travels to the client as it is."""
