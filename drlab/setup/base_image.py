"""The image debian:bookworm: there already, else pulled, else made from Debian's packages. Root or not, one path.

Made in two stages: debootstrap fetches and unpacks (as root, or in a user namespace), and finishes inside a container, where
even an ordinary user of Docker is root. So nothing is mounted on this machine, and an interruption leaves no mount behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from drlab.errors import UserError
from drlab.setup import apt
from drlab.setup.children import Children, CommandFailed, DiskFull
from drlab.setup.docker_engine import apt_install
from drlab.setup.steps import Tell

REF = "debian:bookworm"
PULL_SECONDS = 45
CLEAN_SECONDS = 60
SBIN = "/usr/sbin:/sbin"  # not on an ordinary user's PATH
# dpkg does not sync every file, neither here nor in images that stand on this one: as in Debian's own image for Docker.
UNSAFE_IO = "mkdir -p /etc/dpkg/dpkg.cfg.d && echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
SECOND_STAGE = f"{UNSAFE_IO} && /debootstrap/debootstrap --second-stage && chgrp staff /var/local"
# debootstrap would try device nodes, which a user namespace may not make; Docker makes its own.
FIRST_STAGE_ENVIRONMENT = {"container": "lxc", "TAR_OPTIONS": "--no-same-owner"}
WHAT_ELSE = f"make `docker pull {REF}` work (a registry mirror in /etc/docker/daemon.json), then run ./lab again"


def provide_base_image(cache: Path, children: Children, tell: Tell, note: Callable[[str], None]) -> str:
    """Raises UserError, DiskFull."""
    if pull(children, tell):
        return f"{REF} pulled"
    note(f"{REF} cannot be pulled; making it from Debian's packages")
    scratch = cache / "build" / "base-image"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    label = f"drlab.setup={scratch}"
    remove_labelled(label)  # what a killed set-up left; under this folder's lock it is nobody else's
    try:
        first_stage(scratch, children, tell)
        second_stage(scratch, label, children, tell)
    except CommandFailed as problem:
        if problem.disk_full:
            raise DiskFull.during("making the base image", cache) from problem
        raise UserError(f"The base image {REF} could not be made.\n{problem.shown()}", WHAT_ELSE) from problem
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        remove_labelled(label)
    return f"{REF} made from Debian's packages"


def pull(children: Children, tell: Tell) -> bool:
    try:
        children.run(["timeout", str(PULL_SECONDS), "docker", "pull", REF], tell=tell)
    except CommandFailed:
        return False
    return True


def first_stage(scratch: Path, children: Children, tell: Tell) -> None:
    """Fetches and unpacks the packages into `scratch`/root."""
    archive = apt.mirror(apt.host_sources())
    if archive is None:
        raise UserError(
            f"The base image {REF} can be neither pulled nor made: this machine's apt names no Debian archive.",
            f"name one in DRLAB_DEBIAN_MIRROR, or {WHAT_ELSE}",
        )
    is_root = os.geteuid() == 0
    environ = {**FIRST_STAGE_ENVIRONMENT, **apt.build_environment(apt.apt_proxies(), os.environ)}
    environ["PATH"] = f"{os.environ.get('PATH', '')}:{SBIN}"
    command, own_environ = find_debootstrap(scratch, is_root, children, tell)
    namespace = [] if is_root else ["unshare", "--map-root-user"]
    arguments = ["--foreign", "--variant=minbase", apt.CODENAME, str(scratch / "root"), archive]
    children.run([*namespace, command, *arguments], tell=tell, env={**environ, **own_environ})


def find_debootstrap(scratch: Path, is_root: bool, children: Children, tell: Tell) -> tuple[str, dict[str, str]]:
    """The command, and what its environment needs. A user without it unpacks the package for this one use."""
    path = f"{os.environ.get('PATH', '')}:{SBIN}"
    if found := shutil.which("debootstrap", path=path):
        return found, {}
    if shutil.which("apt-get") is None:
        raise UserError(f"The base image {REF} can be neither pulled nor made: this system has no debootstrap.", WHAT_ELSE)
    if is_root:
        apt_install(children, ("debootstrap",), tell)
        return "debootstrap", {}
    children.run(["apt-get", "download", "debootstrap"], tell=tell, cwd=scratch)
    [package] = scratch.glob("debootstrap_*.deb")
    children.run(["dpkg-deb", "-x", str(package), str(scratch / "tool")], tell=tell)
    return str(scratch / "tool/usr/sbin/debootstrap"), {"DEBOOTSTRAP_DIR": str(scratch / "tool/usr/share/debootstrap")}


def second_stage(scratch: Path, label: str, children: Children, tell: Tell) -> None:
    """Configures the packages inside a container of the unpacked files, and makes an image of the result."""
    name = f"drlab-base-image-{os.getpid()}"
    packed = scratch / "image.tar"
    owner = ["--owner=0", "--group=0", "--numeric-owner"]
    children.run(["tar", "-C", str(scratch / "root"), *owner, "-cf", str(packed), "."], tell=tell)
    unpacked = children.run(["docker", "import", "--change", f"LABEL {label}", str(packed)])[-1]
    # No network: everything was fetched in the first stage.
    container = ["docker", "run", "--network", "none", "--name", name]
    children.run([*container, unpacked, "sh", "-c", SECOND_STAGE], tell=tell)
    children.run(["docker", "export", "-o", str(packed), name])
    children.run(["docker", "import", "--change", 'CMD ["bash"]', str(packed), REF])


def remove_labelled(label: str) -> None:
    """Containers and the unpacked image; containers have their image's label. Also runs when set-up is being ended."""
    for what, remove in ((["ps", "-a"], ["rm", "-f", "-v"]), (["images"], ["rmi", "-f"])):
        listed = _docker(*what, "-q", "--no-trunc", "--filter", f"label={label}")
        if listed:
            _docker(*remove, *listed)


def _docker(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, encoding="utf-8", errors="replace", timeout=CLEAN_SECONDS, check=False
    )
    return done.stdout.split()
