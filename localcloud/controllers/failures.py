"""What a failed order, job or task says: the same sentence for the log and for whoever asks about it."""

from __future__ import annotations

import logging

from localcloud.engines.interface.engines import EngineError
from localcloud.records.errors.ecs import ZoneWithoutPower

log = logging.getLogger("localcloud")


def log_failure(what: str, error: Exception) -> str:
    """Log why something failed. Returns the sentence for its order or job, which must end whatever happened."""
    if isinstance(error, EngineError | ZoneWithoutPower):
        log.warning("%s failed: %s", what, error)
        return str(error)
    log.error("%s failed", what, exc_info=error)
    return f"{type(error).__name__}: {error}"
