"""The container images: which are missing (the local cloud says), and building them in order."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drlab.errors import UserError
from drlab.folders import PRIVATE, Folders
from drlab.looks import files_in, looks_of
from drlab.setup import apt, base_image
from drlab.setup.children import Children, CommandFailed, DiskFull
from drlab.setup.docker_host import socket_path
from drlab.setup.docker_socket import image_id
from drlab.setup.steps import Step, Tell

LIST_TIMEOUT = 60.0
HOST_BASE = "drlab/base"
HOST_DOCKERFILE = "FROM {base}\nLABEL drlab.image=base\nCOPY files/ /\n"


@dataclass(frozen=True)
class Image:
    """One image as the local cloud wants it; `ref` holds a hash of what it is built from."""

    name: str
    ref: str
    context: Path
    dockerfile: Path
    base: str  # another of these images, or Debian's

    @property
    def stands_on_debian(self) -> bool:
        return self.base == base_image.REF

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Image:
        context = Path(raw["context"])
        base = raw["base"] or base_image.REF
        return cls(raw["name"], raw["ref"], context, context / raw["dockerfile"], base)


def list_images(folders: Folders, ask: Callable[[Folders], str] | None = None) -> list[Image]:
    """In the order in which they must be built. Raises UserError.

    The cloud is asked in a process of its own (0.1 s), so its answer is kept as long as no file of the project has changed.
    """
    looks, kept = looks_of(files_in(folders.root)), folders.state / "settled" / "images.json"
    with suppress(OSError, ValueError):
        seen, answer = json.loads(kept.read_text(encoding="utf-8"))
        if seen == looks:
            return [Image.from_json(raw) for raw in json.loads(answer)]
    answer = (ask or ask_cloud)(folders)
    with suppress(OSError):  # no state folder yet
        kept.parent.mkdir(mode=PRIVATE, exist_ok=True)
        kept.write_text(json.dumps([looks, answer]), encoding="utf-8")
    return [Image.from_json(raw) for raw in json.loads(answer)]


def ask_cloud(folders: Folders) -> str:
    """The list as the cloud prints it. Raises UserError."""
    command = [str(folders.python), "-P", "-m", "localcloud", "images", "--json", "--no-docker"]
    done = subprocess.run(
        command, cwd=folders.root, capture_output=True, encoding="utf-8", errors="replace", timeout=LIST_TIMEOUT, check=False
    )
    if done.returncode != 0:
        raise UserError(f"The local cloud could not list its images:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout


class ImageList:
    """What is missing. The list itself is asked for once: that takes a process; who is present, each time."""

    def __init__(self, list_images: Callable[[], list[Image]], is_present: Callable[[str], bool]) -> None:
        self._list, self._is_present = list_images, is_present
        self._images: list[Image] | None = None

    def missing(self) -> list[Image]:
        """In building order. All of them while Docker does not answer."""
        if self._images is None:
            self._images = self._list()
        return [image for image in self._images if not self._is_present(image.ref)]


def base_image_step(folders: Folders, children: Children, images: ImageList, note: Callable[[str], None]) -> Step:
    def missing() -> str | None:
        needed = any(image.stands_on_debian for image in images.missing())
        return f"getting the base image {base_image.REF}" if needed and not has_image(base_image.REF) else None

    return Step("base image", missing, lambda tell: base_image.provide_base_image(folders.cache, children, tell, note))


def images_step(folders: Folders, children: Children, images: ImageList) -> Step:
    def missing() -> str | None:
        wanted = images.missing()
        return f"building {', '.join(image.ref for image in wanted)}" if wanted else None

    def act(tell: Tell) -> str:
        wanted = images.missing()
        build_images(wanted, children, tell, folders.cache)
        return f"{', '.join(image.name for image in wanted)} built"

    return Step("images", missing, act)


def build_images(wanted: Sequence[Image], children: Children, tell: Tell, cache: Path) -> None:
    """One after the other: each may stand on the one before. Raises UserError that names the image and shows the output."""
    environ = apt.build_environment(apt.apt_proxies(), os.environ)
    try:
        base = build_host_base(children, tell, environ) if any(image.stands_on_debian for image in wanted) else ""
        for image in wanted:
            tell(f"{image.ref}: begins")
            command = build_command(image.ref, base if image.stands_on_debian else image.base, environ)
            children.run(
                [*command, "-f", str(image.dockerfile), str(image.context)],
                tell=lambda line, ref=image.ref: tell(f"{ref}: {line}"),  # type: ignore[misc]
                env={**environ, "DOCKER_BUILDKIT": "0"},
            )
    except CommandFailed as problem:
        if problem.disk_full:
            raise DiskFull.during("building an image", Path("/var/lib/docker")) from problem
        raise UserError(f"An image could not be built.\n{problem.shown()}", "./lab doctor") from problem


def build_command(ref: str, base: str, environ: Mapping[str, str]) -> list[str]:
    """The host's network, so that a proxy or resolver on loopback serves the build too. Proxies by name: argv is public."""
    proxies = [word for name in environ for word in ("--build-arg", name)]
    return ["docker", "build", "--network", "host", "--force-rm", "-t", ref, "--build-arg", f"BASE={base}", *proxies]


def build_host_base(children: Children, tell: Tell, environ: Mapping[str, str]) -> str:
    """Debian as this machine reaches it: the base image plus apt's sources, proxy and certificates. Returns its reference."""
    sources, proxies = apt.host_sources(), apt.apt_proxies()
    files = apt.host_files(sources, proxies, os.environ)
    if not files:
        return base_image.REF
    digest = hashlib.sha256((_id(base_image.REF) or "").encode())
    for path, content in sorted(files.items()):
        digest.update(f"\0{path}\0".encode() + content)
    ref = f"{HOST_BASE}:{digest.hexdigest()[:12]}"
    if has_image(ref):
        return ref
    context = pack(
        {"Dockerfile": HOST_DOCKERFILE.format(base=base_image.REF).encode(), **{f"files/{p}": c for p, c in files.items()}}
    )
    children.run(["docker", "build", "-t", ref, "-"], tell=tell, env={"DOCKER_BUILDKIT": "0"}, stdin=context)
    return ref


def pack(files: Mapping[str, bytes]) -> int:
    """A build context as an anonymous file, ready to be read as standard input."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    descriptor = os.memfd_create("context")
    os.write(descriptor, buffer.getvalue())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _id(ref: str) -> str | None:
    sock = socket_path()
    try:
        return image_id(ref, sock) if sock else None
    except OSError:
        return None


def has_image(ref: str) -> bool:
    """False also while Docker does not answer."""
    return _id(ref) is not None
