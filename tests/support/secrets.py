"""Where a stage's secrets must not stand: state, logs, process lists, `docker inspect`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from support.lab import Lab


def in_the_clear(lab: Lab, outputs: Mapping[str, Any]) -> list[str]:
    """Every place where one of the generated secrets was found; there should be none."""
    secrets = {
        "database password": outputs["databasePassword"],
        "private key": outputs["sshAccess"]["privateKey"].splitlines()[2],
        "passphrase": (lab.state / "passphrase").read_text().strip(),
    }
    places = dict(_places(lab))
    return [
        f"the {name} stands in {place}"
        for name, secret in secrets.items()
        for place, content in places.items()
        if secret.encode() in content and not place.endswith("/passphrase")
    ]


def _places(lab: Lab) -> Iterator[tuple[str, bytes]]:
    for path in lab.state.rglob("*"):
        if _is_plain_text(lab, path):
            yield str(path), path.read_bytes()
    containers = lab.call("docker", "ps", "-aq", timeout=20, check=True).stdout.split()
    yield "docker inspect", lab.call("docker", "inspect", *containers, timeout=20, check=True).stdout.encode()
    yield "the process list", lab.call("ps", "-eo", "args", timeout=20, check=True).stdout.encode()
    yield "the command lines", b"\n".join(_read_if_there(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def _is_plain_text(lab: Lab, path: Path) -> bool:
    """Everything in the state folder but the keys that the command line keeps for ssh, disks and what is copied of them."""
    inside = path.relative_to(lab.state).parts
    return path.is_file() and "ssh" not in inside[-2:-1] and path.suffix != ".img" and not inside[0].startswith("database")


def _read_if_there(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has ended meanwhile
        return b""
