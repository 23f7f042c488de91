"""What can go wrong when a job is asked about."""

from __future__ import annotations

from localcloud.core import invented
from localcloud.core.errors import NotFound


class JobNotFound(NotFound):
    code, noun = invented.JOB_NOT_FOUND, "Job"
