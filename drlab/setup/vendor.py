"""The vendor's own download of the Pulumi CLI, accepted only with the checksum that stands here."""

from __future__ import annotations

import hashlib
import platform
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx

from drlab.setup.engine_source import VERSION, WANTED, Unavailable
from drlab.setup.steps import Tell

URL = "https://get.pulumi.com/releases/sdk/pulumi-v{version}-{platform}.tar.gz"
CONNECT_SECONDS = 5.0
WINDOW_SECONDS = 20.0
SLOWEST = 100_000  # bytes a second, over one window
CHUNK = 1 << 16


@dataclass(frozen=True)
class Archive:
    """One archive of the vendor's release."""

    platform: str  # as in its file name
    sha256: str

    @property
    def url(self) -> str:
        return URL.format(version=VERSION, platform=self.platform)


# SHA-256 as published by the vendor with this release (formula pulumi.rb of github.com/pulumi/homebrew-tap, 3.250.0).
ARCHIVES: Mapping[str, Archive] = {
    "x86_64": Archive("linux-x64", "8916fd36ccc96adbd45ca679194b685e3b767d94502ae05610878a6d9870b8f3"),
    "aarch64": Archive("linux-arm64", "deb4bf0d05b4cbaf3adcf82ffa44039ad0ebf039e33338ead8136877a437b4e5"),
}


def install_from_vendor(
    destination: Path,
    tell: Tell,
    check: Callable[[], None],
    machine: str = platform.machine(),
    archives: Mapping[str, Archive] = ARCHIVES,
    transport: httpx.BaseTransport | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Downloads, compares, unpacks into `destination` (an empty folder). Raises Unavailable; `check` may raise Cancelled."""
    archive = archives.get(machine)
    if archive is None:
        raise Unavailable(f"the vendor's download: no checksum is known for {machine}")
    packed = destination / "archive.tar.gz"
    try:
        digest = download(archive.url, packed, tell, check, transport, clock)
        if digest != archive.sha256:
            raise Unavailable(f"the vendor's download: {archive.url} has SHA-256 {digest}, expected {archive.sha256}")
        unpack(packed, destination)
    finally:
        packed.unlink(missing_ok=True)
    return f"{VERSION} downloaded from the vendor"


def download(
    url: str,
    target: Path,
    tell: Tell,
    check: Callable[[], None],
    transport: httpx.BaseTransport | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Writes `url` to `target` and returns its SHA-256 in hex. Raises Unavailable when it fails or is too slow."""
    timeout = httpx.Timeout(WINDOW_SECONDS, connect=CONNECT_SECONDS)
    digest = hashlib.sha256()
    try:
        with (
            httpx.Client(transport=transport, timeout=timeout, follow_redirects=True) as client,
            client.stream("GET", url) as response,
            target.open("wb") as file,
        ):
            response.raise_for_status()
            for chunk in fast_enough(response.iter_bytes(CHUNK), clock):
                check()
                file.write(chunk)
                digest.update(chunk)
                tell(f"{file.tell() / 1e6:.0f} MB")
    except httpx.HTTPStatusError as problem:
        raise Unavailable(f"the vendor's download: {url} answered {problem.response.status_code}") from problem
    except httpx.HTTPError as problem:
        raise Unavailable(f"the vendor's download: {url} is not reached ({problem or type(problem).__name__})") from problem
    return digest.hexdigest()


def fast_enough(chunks: Iterator[bytes], clock: Callable[[], float]) -> Iterator[bytes]:
    """The chunks, until one window of time has brought too little: then Unavailable."""
    since, received = clock(), 0
    for chunk in chunks:
        yield chunk
        received += len(chunk)
        passed = clock() - since
        if passed < WINDOW_SECONDS:
            continue
        if received < SLOWEST * passed:
            raise Unavailable(f"the vendor's download: too slow ({received / passed / 1000:.0f} KB/s)")
        since, received = clock(), 0


def unpack(archive: Path, destination: Path) -> None:
    """Takes the wanted files only, by their last name: no path in the archive can lead elsewhere. Raises Unavailable."""
    found = set()
    with tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            content = tar.extractfile(member) if member.isfile() and name in WANTED else None
            if content is not None:
                target = destination / name
                with target.open("wb") as file:
                    while block := content.read(1 << 20):
                        file.write(block)
                target.chmod(0o755)
                found.add(name)
    if missing := sorted(set(WANTED) - found):
        raise Unavailable(f"the vendor's download: the archive lacks {', '.join(missing)}")
