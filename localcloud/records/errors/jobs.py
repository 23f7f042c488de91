"""What can go wrong when a job is asked about."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import NotFound


class JobNotFound(NotFound):
    code, noun = error_codes.JOB_NOT_FOUND, "Job"
