"""What a lab could leave on the machine, seen with plain tools and not with the project's own scan."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path


def lines_of(*command: str) -> set[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return {line.strip() for line in done.stdout.splitlines() if line.strip()}


def cgroups() -> set[str]:
    """All cgroups below Docker's, in every hierarchy."""
    return {str(path) for parent in Path("/sys/fs/cgroup").glob("*/docker") for path in parent.iterdir() if path.is_dir()}


def our_processes() -> set[str]:
    words = ("localcloud", "pulumi_ctyun", "plugins.", "pulumi-language", "pulumi-resource")
    return {line for line in lines_of("ps", "-eo", "pid=,args=") if any(word in line for word in words) and "pytest" not in line}


def loop_devices() -> set[str]:
    return lines_of("losetup", "--noheadings", "--output", "NAME,BACK-FILE")


def snapshot() -> dict[str, set[str]]:
    """What a lab could leave behind, as plain tools show it. Images of the cache stay and are looked at by label only."""
    return {
        "containers": lines_of("docker", "ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}"),
        "networks": lines_of("docker", "network", "ls", "--format", "{{.ID}} {{.Name}}"),
        "volumes": lines_of("docker", "volume", "ls", "--format", "{{.Name}}"),
        "private images": lines_of("docker", "images", "--filter", "label=drlab.cloud", "--format", "{{.ID}}"),
        "links": {line.split(":")[1].strip() for line in lines_of("ip", "-o", "link")},
        "routes": lines_of("ip", "route", "show", "table", "all", "type", "unreachable"),
        "nft tables": lines_of("nft", "list", "tables"),
        "namespaces": lines_of("ip", "netns", "list"),
        "loop devices": loop_devices(),
        "mounts": {line for line in lines_of("cat", "/proc/mounts") if "drlab" in line},
        "cgroups": cgroups(),
        "processes": our_processes(),
        "listeners": {line.split()[3] for line in lines_of("ss", "-Hltn")},
        "hosts file": lines_of("grep", "-i", "drlab", "/etc/hosts"),
        "certificates": {str(path) for path in Path("/etc/docker").glob("certs.d/*")},
    }


def added(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, set[str]]:
    return {kind: after[kind] - before[kind] for kind in after if after[kind] - before[kind]}


def assert_as_before(before: dict[str, set[str]], seconds: float = 10) -> None:
    """Nothing is there that was not there before; processes that are just ending get `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := added(before, snapshot())) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left, f"left behind: {left}"
