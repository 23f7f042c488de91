"""What is installed, in which version, what is missing, and what cannot work here and why. Changes nothing."""

from __future__ import annotations

import platform
import stat
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from drlab.errors import UserError
from drlab.findings import Finding, Status
from drlab.folders import PRIVATE, Folders
from drlab.limits.findings import limit_findings
from drlab.limits.readings import read_rooms
from drlab.setup import apt, base_image
from drlab.setup.docker_host import DockerHost, Reach, look_at_docker, refusal, socket_path
from drlab.setup.docker_socket import image_id
from drlab.setup.engine_source import VERSION
from drlab.setup.golang import candidates, find_go
from drlab.setup.images import Image, has_image, list_images
from drlab.setup.kernel import KernelFacts, free_bytes, read_kernel
from drlab.setup.launchers import is_real, language_host_path, random_path, wrong_scripts
from drlab.setup.pulumi_engine import engine_folder, missing_engine
from drlab.setup.stack_init import absent_stacks
from drlab.setup.state import missing_state
from drlab.setup.vendor import ARCHIVES
from drlab.stages import stage_names

LITTLE_SPACE = 10_000_000_000  # bytes: images, disks of servers, and 5 GB while the engine is built
LITTLE_MEMORY = 4_000_000_000


def collect(folders: Folders | None = None) -> list[Finding]:
    """Everything, in the order in which it matters. Takes about half a second."""
    folders = folders or Folders.from_environment()
    docker = look_at_docker()
    kernel = read_kernel(docker.peer_pid)
    return [
        *python_findings(),
        *engine_findings(folders),
        *folder_findings(folders),
        docker_finding(docker),
        *image_findings(folders, docker),
        *kernel_findings(kernel),
        *limit_findings(read_rooms([folders.state])),
    ]


def python_findings() -> list[Finding]:
    found = [Finding("python", "Python", Status.OK, platform.python_version())]
    try:
        sdk = version("pulumi")
    except PackageNotFoundError:
        return [*found, Finding("python", "Pulumi SDK", Status.MISSING, "not installed", "./lab installs it")]
    same = Finding("python", "Pulumi SDK", Status.OK, sdk)
    other = Finding("python", "Pulumi SDK", Status.LIMITED, sdk, f"the engine is {VERSION}; they should be of one version")
    return [*found, same if sdk == VERSION else other]


def engine_findings(folders: Folders) -> list[Finding]:
    area = "engine"
    if missing_engine(folders) is not None:
        engine = Finding(
            area, "Pulumi CLI", Status.MISSING, "not in the cache", "set-up downloads it, or builds it in 3 to 5 minutes"
        )
        return [engine, vendor_finding(), go_finding(folders)]
    folder = engine_folder(folders)
    found = [Finding(area, "Pulumi CLI", Status.OK, VERSION, str(folder))]
    for name, path in (("language host", language_host_path(folders)), ("random plugin", random_path(folders))):
        if path is not None and is_real(path):
            found.append(Finding(area, name, Status.OK, "the vendor's"))
        elif path is not None:
            found.append(
                Finding(area, name, Status.OK, "ours stands in", "same protocol; the real one is used where it is installed")
            )
    wrong = wrong_scripts(folders)
    ready = Finding(area, "wrapper", Status.OK, str(folders.pulumi))
    stale = Finding(area, "wrapper", Status.MISSING, ", ".join(script.path.name for script in wrong), "set-up writes it")
    return [*found, stale if wrong else ready]


def vendor_finding() -> Finding:
    archive = ARCHIVES.get(platform.machine())
    if archive is None:
        text = f"no checksum is known for {platform.machine()}, so it is not tried"
        return Finding("engine", "vendor's download", Status.LIMITED, text, "the engine is built from its Go module")
    return Finding("engine", "vendor's download", Status.OK, "tried first", f"accepted with SHA-256 {archive.sha256[:12]}… only")


def go_finding(folders: Folders) -> Finding:
    go = find_go(candidates(folders.cache))
    if go is None:
        return Finding(
            "engine", "Go", Status.MISSING, "none that is new enough", "set-up installs it from PyPI where it must build"
        )
    return Finding("engine", "Go", Status.OK, str(go))


def folder_findings(folders: Folders) -> list[Finding]:
    area, found = "folders", []
    lacks = missing_state(folders)
    if lacks is None:
        mode = stat.S_IMODE(folders.state.stat().st_mode)
        found.append(Finding(area, "state", Status.OK, f"{folders.state} ({mode:o})"))
    else:
        found.append(Finding(area, "state", Status.MISSING, str(folders.state), f"set-up: {lacks} (mode {PRIVATE:o})"))
    found.append(space_finding("cache", folders.cache, free_bytes(folders.cache)))
    if (folders.cache / "build").exists():
        note = "left by an interrupted set-up; the next one goes on from it and removes it"
        found.append(Finding(area, "unfinished build", Status.LIMITED, str(folders.cache / "build"), note))
    absent = absent_stacks(folders, stage_names())
    names = ", ".join(stage_names())
    ready = Finding(area, "stacks", Status.OK, names)
    found.append(Finding(area, "stacks", Status.MISSING, ", ".join(absent), "set-up makes them") if absent else ready)
    return found


def space_finding(name: str, folder: Any, free: int) -> Finding:
    value = f"{folder}, {free / 1e9:.0f} GB free"
    if free < LITTLE_SPACE:
        note = f"less than {LITTLE_SPACE / 1e9:.0f} GB: free some, or name a folder on another disk in DRLAB_CACHE"
        return Finding("folders", name, Status.LIMITED, value, note)
    return Finding("folders", name, Status.OK, value)


def docker_finding(docker: DockerHost) -> Finding:
    """Pure."""
    if reason := refusal(docker):
        return Finding("docker", "engine", Status.CANNOT, docker.address, reason)
    if docker.reach is Reach.FORBIDDEN:
        note = 'sudo usermod -aG docker "$USER", then log out and in again'
        return Finding("docker", "engine", Status.CANNOT, f"{docker.address} is not open to you", note)
    if docker.reach is Reach.SILENT:
        note = "as root, set-up installs and starts it on Debian"
        return Finding("docker", "engine", Status.MISSING, f"does not answer on {docker.address}", note)
    return Finding("docker", "engine", Status.OK, docker.shown)


def image_findings(folders: Folders, docker: DockerHost) -> list[Finding]:
    if docker.reach is not Reach.ANSWERS:
        return []
    sock = socket_path()
    try:
        images = list_images(folders)
        has_base = sock is not None and image_id(base_image.REF, sock) is not None
    except (UserError, OSError) as problem:
        return [Finding("docker", "images", Status.MISSING, str(problem).splitlines()[0])]
    present = {image.ref: has_image(image.ref) for image in images}
    found = [base_finding(has_base)] if not has_base or not all(present.values()) else []
    return [*found, *(image_finding(image, present[image.ref]) for image in images)]


def base_finding(present: bool) -> Finding:
    if present:
        return Finding("docker", base_image.REF, Status.OK, "there")
    archive = apt.mirror(apt.host_sources())
    note = (
        f"set-up pulls it, or makes it from {archive}"
        if archive
        else "set-up pulls it; apt names no Debian archive to make it from"
    )
    return Finding("docker", base_image.REF, Status.MISSING, "not there", note)


def image_finding(image: Image, present: bool) -> Finding:
    if present:
        return Finding("docker", f"image {image.name}", Status.OK, image.ref)
    return Finding("docker", f"image {image.name}", Status.MISSING, image.ref, "set-up builds it")


def kernel_findings(kernel: KernelFacts) -> list[Finding]:
    """Pure: what the local cloud can do on this kernel."""
    area = "machine"
    cgroup = Finding(area, "cgroup", Status.OK, f"v{kernel.cgroup_version}")
    if kernel.cgroup_version == 2:
        cgroup = Finding(area, "cgroup", Status.LIMITED, "v2", "written for, not yet run on: see docs/fidelity.md")
    return [
        Finding(area, "kernel", Status.OK, kernel.release),
        cgroup,
        _tell(
            "br_netfilter",
            kernel.bridge_filter,
            Status.CANNOT,
            "security groups are rules on frames inside a router's bridge; load the module br_netfilter",
        ),
        _tell(
            "loop devices",
            kernel.loop_devices,
            Status.LIMITED,
            "data disks are refused, also the faults that need one (disk full)",
        ),
        _tell(
            "CAP_SYS_RESOURCE",
            kernel.sys_resource,
            Status.LIMITED,
            "containers get every other capability instead of --privileged",
        ),
        _tell("netem", kernel.netem, Status.LIMITED, "links have no delay or loss; distance between regions is not shown"),
        _memory_finding(kernel),
    ]


def _tell(name: str, has: bool | None, otherwise: Status, note: str) -> Finding:
    if has is None:
        return Finding("machine", name, Status.OK, "cannot be told from here", "looked at again when the local cloud starts")
    return Finding("machine", name, Status.OK, "there") if has else Finding("machine", name, otherwise, "not there", note)


def _memory_finding(kernel: KernelFacts) -> Finding:
    value = f"{kernel.cpus} CPUs, {kernel.memory_bytes / 1e9:.0f} GB of memory"
    if kernel.memory_bytes < LITTLE_MEMORY:
        return Finding("machine", "size", Status.LIMITED, value, "little memory: one small stage at a time")
    return Finding("machine", "size", Status.OK, value)
