"""What clouds could leave on the machine, seen with plain tools and not with the project's own scan.

Other labs may live beside: two lanes of tests, or somebody's own. What Docker's labels say belongs to another cloud is left out;
nothing unlabelled is ever taken for another's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

Found = dict[str, set[str]]

PROCESSES = ("localcloud", "pulumi_ctyun", "plugins.", "pulumi-language", "pulumi-resource")
_PID = re.compile(r"pid=(\d+)")
_states = {Path(os.environ["DRLAB_STATE"])} if "DRLAB_STATE" in os.environ else set[Path]()
_clouds: set[str] = set()


def own(state: Path) -> None:
    """From now on the cloud of this state folder is the tests' own, also when it has another id than at the last look."""
    _states.add(state)
    record = state / "cloud.json"
    if record.exists():
        _clouds.add(json.loads(record.read_text(encoding="utf-8"))["id"])


def lines_of(*command: str) -> set[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return {line.strip() for line in done.stdout.splitlines() if line.strip()}


def content(pid: int | str, name: str) -> bytes:
    """A file of a process in /proc; nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def our_processes() -> dict[int, str]:
    """Command lines, by process id, of what works on any state folder."""
    shown = (line.partition(" ") for line in lines_of("ps", "-eo", "pid=,args="))
    return {int(pid): args for pid, _, args in shown if any(word in args for word in PROCESSES) and "pytest" not in args}


def working_on(state: Path) -> set[int]:
    """Those of them that were told of this state folder, by argument or environment, but for the cloud itself."""
    needle = str(state).encode()
    found = {pid: args for pid, args in our_processes().items() if "localcloud" not in args}
    return {pid for pid in found if needle in content(pid, "cmdline") + content(pid, "environ")}


def snapshot(clouds: Collection[str] = ()) -> Found:
    """What there is now, without other clouds' things: those of `clouds` and of the labs of this session are the tests' own.

    Images of the cache stay and are looked at by label only.
    """
    of_tools = {"/run/netns", "/run/docker/netns/default"}  # iproute2's; Docker's, from its first container on the host's network
    found = {
        "containers": lines_of("docker", "ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}"),
        "networks": lines_of("docker", "network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"),
        "volumes": lines_of("docker", "volume", "ls", "--format", "{{.Name}}"),
        "private images": lines_of("docker", "images", "--no-trunc", "--filter", "label=drlab.cloud", "--format", "{{.ID}}"),
        "links": {re.sub(r"^\d+: ([^@:]*).*?( master \S+)? state.*", r"\1\2", line) for line in lines_of("ip", "-o", "link")},
        "routes": {line for line in lines_of("ip", "route", "show", "table", "all") if re.search("(^| )198.1|unreachable", line)},
        "nft tables": {line for line in lines_of("nft", "list", "tables") if not re.match(r"table ip6? (nat|filter)$", line)},
        "namespaces": lines_of("ip", "netns", "list"),
        "loop devices": lines_of("losetup", "--noheadings", "--output", "NAME,BACK-FILE"),
        "mounts": {line.split()[4] for line in lines_of("cat", "/proc/self/mountinfo")} - of_tools,
        "cgroups": {folder for folder, _, _ in os.walk("/sys/fs/cgroup") if "docker" in folder or "drlab" in folder},
        "processes": {f"process {pid} {args}" for pid, args in our_processes().items() if not _works_elsewhere(pid)},
        "listeners": {
            line.split()[3] for line in lines_of("ss", "-Hltnp") if not _works_elsewhere(*re.findall(r"pid=(\d+)", line))
        },
        "hosts file": lines_of("grep", "-i", "drlab", "/etc/hosts"),
        "certificates": {str(path) for path in Path("/etc/docker").glob("certs.d/*")},
    }
    others = _traces_of_others(clouds)
    return {kind: {item for item in items if not any(trace in item for trace in others)} for kind, items in found.items()}


def _works_elsewhere(*pids: int | str) -> bool:
    """All of these have a state folder in their environment that is not the tests' own."""
    states = [re.search(rb"(?:^|\0)DRLAB_STATE=([^\0]+)", content(pid, "environ")) for pid in pids]
    return bool(states) and all(state and Path(os.fsdecode(state[1])) not in _states for state in states)


def _traces_of_others(clouds: Collection[str]) -> set[str]:
    """Texts by which the things of other clouds and of the image tests are known: ids, names, ranges, mount points, folders."""
    for state in list(_states):
        own(state)
    found = set()
    for item in _labelled():
        labels = item.get("Labels") or (item.get("Config") or {}).get("Labels") or {}
        if labels.get("drlab.cloud") not in {*_clouds, *clouds}:
            found |= {trace for trace in _traces(item, labels) if trace}
    return found


def _labelled() -> list[dict[str, Any]]:
    """`docker inspect` of all that clouds and image tests have made; it passes over what goes meanwhile."""
    labels = [f"--filter=label={label}" for label in ("drlab.cloud", "drlab.test")]  # several are all of them, so one by one
    kinds = [
        ("docker", "ps", "-aq"),
        ("docker", "network", "ls", "-q"),
        ("docker", "volume", "ls", "-q"),
        ("docker", "images", "-q"),
    ]
    ids = set().union(*(lines_of(*kind, label) for kind in kinds for label in labels))
    if not ids:
        return []
    done = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, timeout=60)
    return list(json.loads(done.stdout or "[]"))


def _traces(item: dict[str, Any], labels: dict[str, str]) -> Iterator[str]:
    if "drlab.cloud" in labels:
        yield f"drlab-{labels['drlab.cloud']}"
    yield item.get("Id") or item["Name"]  # a volume has a name alone
    yield f"br-{item.get('Id', '')[:12]}"  # the link of a network that was given no name for it
    yield from (pool["Subnet"].split(".0/")[0] for pool in (item.get("IPAM") or {}).get("Config") or ())
    yield ((item.get("GraphDriver") or {}).get("Data") or {}).get("MergedDir", "")
    yield Path((item.get("NetworkSettings") or {}).get("SandboxKey", "")).name
    if pid := (item.get("State") or {}).get("Pid"):
        yield f"process {pid} "
    folders = [bind.split(":")[0] for bind in (item.get("HostConfig") or {}).get("Binds") or () if bind.endswith(":/run/drlab")]
    yield from (f"{Path(folder).parent}/" for folder in folders)


def left_behind(before: Found, seconds: float, clouds: Collection[str] = ()) -> Found:
    """What was not there before and stays: what is just ending, or another's and just beginning, goes within `seconds`."""
    deadline = time.monotonic() + seconds
    left = _added(before, snapshot(clouds))
    while left and time.monotonic() < deadline:
        time.sleep(0.2)
        now = snapshot(clouds)
        left = {kind: still for kind, items in left.items() if (still := items & now[kind])}
    return left


def _added(before: Found, after: Found) -> Found:
    return {kind: after[kind] - before[kind] for kind in after if after[kind] - before[kind]}


def assert_as_before(before: Found, seconds: float = 10) -> None:
    """Nothing is there that was not there before; what is just ending gets `seconds`."""
    left = left_behind(before, seconds)
    assert not left, f"left behind: {left}"
