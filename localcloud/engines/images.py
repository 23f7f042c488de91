"""The images that a local cloud runs on, with tags that say what is in them. Needs no Docker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from localcloud.engines.interface.engines import EngineError

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = "debian:bookworm"
LABEL = "drlab.image"


@dataclass(frozen=True)
class Image:
    """One image to build. `base` is what its Dockerfile's ARG BASE must be; `ref` changes with everything that goes in."""

    name: str
    ref: str
    context: Path
    dockerfile: Path
    base: str


@cache
def catalogue() -> tuple[Image, ...]:
    """All images in build order. Raises EngineError when a build context is not there."""
    images = ROOT / "localcloud/images"
    agent = _image("agent", ROOT / "localcloud/agent", images / "agent/Dockerfile", DEBIAN)
    router = _image("router", images / "router", images / "router/Dockerfile", DEBIAN)
    balancer = _image("balancer", images / "balancer", images / "balancer/Dockerfile", DEBIAN)
    database = _image("database", images / "database", images / "database/Dockerfile", DEBIAN)
    server = _image("debian", images / "server", images / "server/Dockerfile", DEBIAN)
    lamp = _image("debian-lamp", ROOT / "docker/server-lamp", ROOT / "docker/server-lamp/Dockerfile", server.ref)
    return agent, router, balancer, database, server, lamp


def reference(name: str) -> str:
    """The full reference of an image by its short name ("agent", "debian-lamp")."""
    for image in catalogue():
        if image.name == name:
            return image.ref
    raise EngineError(f"no image is called {name!r}; there are {', '.join(image.name for image in catalogue())}")


def _image(name: str, context: Path, dockerfile: Path, base: str) -> Image:
    if not dockerfile.is_file():
        raise EngineError(f"the build of image {name} needs {dockerfile}, which is not there; is this a full checkout?")
    return Image(name, f"drlab/{name}:{_digest(context, dockerfile, base)[:12]}", context, dockerfile, base)


def _digest(context: Path, dockerfile: Path, base: str) -> str:
    digest = hashlib.sha256(base.encode() + b"\0" + dockerfile.read_bytes())
    for file in _files(context):
        mode = "x" if file.stat().st_mode & 0o100 else "-"
        content = str(file.readlink()).encode() if file.is_symlink() else file.read_bytes()
        digest.update(f"\0{file.relative_to(context)}\0{mode}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _files(context: Path) -> Iterator[Path]:
    """Files of a build context in a fixed order, without what Python leaves behind (.dockerignore leaves it out too)."""
    for path in sorted(context.rglob("*")):
        if "__pycache__" not in path.parts and path.suffix != ".pyc" and (path.is_file() or path.is_symlink()):
            yield path
