"""Which Docker is here, and whether the local cloud can run on it. Looks only; changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from drlab.setup import docker_socket


class Reach(Enum):
    """What came back from Docker's socket."""

    ANSWERS = "answers"
    FORBIDDEN = "forbidden"  # the socket is there and not for this user
    SILENT = "silent"  # no socket, or nobody behind it
    REMOTE = "remote"  # DOCKER_HOST points elsewhere


@dataclass(frozen=True)
class DockerHost:
    """What is known of Docker; `info` and `version` are its own answers, empty unless it answers."""

    reach: Reach
    address: str
    detail: str = ""
    info: Mapping[str, Any] = None  # type: ignore[assignment]
    version: Mapping[str, Any] = None  # type: ignore[assignment]
    peer_pid: int | None = None

    @property
    def shown(self) -> str:
        """`20.10.24, overlay2, cgroup v1`."""
        parts = (self.version.get("Version", "?"), self.info.get("Driver", "?"), f"cgroup v{self.info.get('CgroupVersion', '?')}")
        return ", ".join(parts)


def socket_path(environ: Mapping[str, str] | None = None) -> Path | None:
    """The socket that everything here uses; None when DOCKER_HOST names something that is no socket of this machine."""
    host = (os.environ if environ is None else environ).get("DOCKER_HOST", "")
    if not host:
        return docker_socket.DEFAULT_SOCKET
    return Path(host.removeprefix("unix://")) if host.startswith("unix://") else None


def look_at_docker(
    environ: Mapping[str, str] | None = None,
    get: Callable[[str, Path], Any] = docker_socket.get,
    peer_pid: Callable[[Path], int] = docker_socket.peer_pid,
) -> DockerHost:
    """Asks Docker for its version and settings."""
    path = socket_path(environ)
    if path is None:
        return DockerHost(Reach.REMOTE, (os.environ if environ is None else environ)["DOCKER_HOST"], info={}, version={})
    try:
        version, info = get("/version", path), get("/info", path)
        return DockerHost(Reach.ANSWERS, str(path), info=info or {}, version=version or {}, peer_pid=peer_pid(path))
    except PermissionError as problem:
        return DockerHost(Reach.FORBIDDEN, str(path), str(problem), {}, {})
    except (OSError, ValueError) as problem:
        return DockerHost(Reach.SILENT, str(path), str(problem), {}, {})


def refusal(docker: DockerHost) -> str | None:
    """Why the local cloud cannot run on this Docker; None when it can. Pure."""
    if docker.reach is Reach.REMOTE:
        return f"DOCKER_HOST is {docker.address}: links, disks and namespaces are made on this machine, so Docker must be local"
    for rule in (_podman, _desktop, _rootless, _remapped, _elsewhere):
        if reason := rule(docker):
            return reason
    return None


def _podman(docker: DockerHost) -> str | None:
    names = [str(part.get("Name", "")) for part in docker.version.get("Components") or ()]
    if any("podman" in name.lower() for name in names):
        return "this is Podman: it has no daemon whose networks and labels the local cloud could rely on; install Docker"
    return None


def _desktop(docker: DockerHost) -> str | None:
    platform = str((docker.version.get("Platform") or {}).get("Name", ""))
    if "desktop" in f"{platform} {docker.info.get('OperatingSystem', '')}".lower():
        return (
            "this is Docker Desktop: its containers live in a virtual machine whose links and disks cannot be reached from here"
        )
    return None


def _rootless(docker: DockerHost) -> str | None:
    if any("rootless" in str(option) for option in docker.info.get("SecurityOptions") or ()):
        return "this Docker is rootless: it may make no links, loop devices and firewall rules"
    return None


def _remapped(docker: DockerHost) -> str | None:
    if any("name=userns" in str(option) for option in docker.info.get("SecurityOptions") or ()):
        return "this Docker maps users (userns-remap): containers with systemd and loop devices cannot run under it"
    return None


def _elsewhere(docker: DockerHost) -> str | None:
    if docker.info.get("OSType", "linux") != "linux":
        return f"this Docker runs {docker.info['OSType']} containers; Linux is needed"
    if docker.peer_pid == 0:
        return "Docker runs outside this container or machine (its process cannot be seen from here), so folders do not match"
    return None
