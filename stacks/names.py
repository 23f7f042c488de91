"""Which stages exist. No other import here: the command line reads this before anything is installed."""

from __future__ import annotations

STAGE_NAMES: tuple[str, ...] = ("single-host", "dual-active")
