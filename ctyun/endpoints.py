"""Where requests go: one host per service on the real cloud, one base URL for all services on the local one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

REAL = "https://{service}-global.ctapi.ctyun.cn"


@dataclass(frozen=True)
class Endpoints:
    """`pattern` may hold `{service}` ("ctecs", "ctvpc", "ctimage"). `local` turns off proxies from the environment."""

    pattern: str
    local: bool = False
    ca_file: Path | None = None  # trusted instead of the public authorities

    @classmethod
    def real(cls) -> Self:
        return cls(REAL)

    @classmethod
    def at(cls, url: str, ca_file: Path | None = None) -> Self:
        """A local cloud at one base URL."""
        return cls(url.rstrip("/"), local=True, ca_file=ca_file)

    def url(self, service: str) -> str:
        """url("ctvpc") -> "https://ctvpc-global.ctapi.ctyun.cn" """
        return self.pattern.format(service=service)
