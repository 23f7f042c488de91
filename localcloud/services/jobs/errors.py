"""What can go wrong when a job is asked about."""

from __future__ import annotations

from localcloud import invented
from localcloud.errors import NotFound


class JobNotFound(NotFound):
    code, noun = invented.JOB_NOT_FOUND, "Job"
