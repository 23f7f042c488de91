"""What can go wrong with volumes."""

from __future__ import annotations

from localcloud.core.errors import NotFound


class DiskNotFound(NotFound):
    code, noun = "ebs.ebsInfo.notExists", "Disk"
