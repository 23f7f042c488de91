"""One module per stage: settings, components, exports. Nothing reusable lives here."""

from __future__ import annotations

from stacks.names import STAGE_NAMES

__all__ = ["STAGE_NAMES"]
