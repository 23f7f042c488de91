"""Docker that answers: there already, else (as root on Debian) installed and started."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from drlab.errors import UserError
from drlab.setup.children import Children, CommandFailed
from drlab.setup.docker_host import DockerHost, Reach, look_at_docker, refusal
from drlab.setup.docker_socket import DEFAULT_SOCKET
from drlab.setup.steps import Step, Tell

PACKAGES = ("docker.io", "iptables", "debootstrap")
START_SECONDS = 60.0
LOG_LINES = 10  # of a daemon that ended
POLL_SECONDS = 0.2
SYSTEMD = Path("/run/systemd/system")  # exists where systemd is the service manager, and only there
LOG = Path("/var/log/drlab-dockerd.log")
PID_FILES = {"dockerd": Path("/var/run/docker.pid"), "containerd": Path("/var/run/docker/containerd/containerd.pid")}


def docker_step(children: Children) -> Step:
    return Step("docker", lambda: missing_docker(look_at_docker()), lambda tell: provide_docker(children, tell))


def missing_docker(docker: DockerHost) -> str | None:
    if docker.reach is Reach.ANSWERS and refusal(docker) is None:
        return None
    return "Docker does not answer: starting it, or installing it first" if docker.reach is Reach.SILENT else "looking at Docker"


def provide_docker(children: Children, tell: Tell) -> str:
    """Raises UserError with the reason when this Docker cannot serve, or when nothing may be installed here."""
    docker = look_at_docker()
    check_right(docker, os.geteuid() == 0, shutil.which("dockerd"), shutil.which("apt-get"))
    did, death = "started", never
    if shutil.which("dockerd") is None:
        apt_install(children, PACKAGES, tell)
        did = "installed and started"
        # Where a service manager runs, the package has started it.
    if look_at_docker().reach is not Reach.ANSWERS:
        death = start_docker(children, tell)
    docker = await_docker(children, death)
    if reason := refusal(docker):
        raise UserError(f"The local cloud cannot run on this Docker: {reason}.", "./lab doctor")
    return f"{docker.shown} {did}"


def check_right(docker: DockerHost, is_root: bool, dockerd: str | None, apt: str | None) -> None:
    """Raises UserError unless this Docker may be started, or one installed, by this user. Pure."""
    if reason := refusal(docker):
        raise UserError(f"The local cloud cannot run on this Docker: {reason}.", "./lab doctor")
    if docker.reach is Reach.FORBIDDEN:
        raise UserError(
            f"Docker is there, but you may not use it: {docker.address} is not open to you.",
            'sudo usermod -aG docker "$USER", then log out and in again',
        )
    if docker.reach is Reach.SILENT and docker.address != str(DEFAULT_SOCKET):
        raise UserError(
            f"Nobody answers on {docker.address}, which DOCKER_HOST names.", "start that Docker, or unset DOCKER_HOST"
        )
    if docker.reach is Reach.ANSWERS or (is_root and (dockerd or apt)):
        return
    if is_root:
        raise UserError(
            "Docker is not installed, and this system has no apt-get to install it with.", "install Docker Engine and start it"
        )
    start = "sudo systemctl start docker" if dockerd else 'sudo apt-get install docker.io && sudo usermod -aG docker "$USER"'
    raise UserError(
        f"Docker does not answer on {docker.address}, and only root may {'start' if dockerd else 'install'} it.",
        f"{start}{'' if dockerd else ', then log out and in again'}",
    )


def apt_install(children: Children, packages: tuple[str, ...], tell: Tell) -> None:
    """Debian's own packages, without questions. An earlier installation that was cut off is finished first."""
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        children.run(["dpkg", "--configure", "-a"], tell=tell, env=env)
        children.run(["apt-get", "-q", "update"], tell=tell, env=env)
        children.run(["apt-get", "-q", "-y", "install", "--no-install-recommends", *packages], tell=tell, env=env)
    except CommandFailed as problem:
        raise UserError(f"Debian's packages {', '.join(packages)} could not be installed.\n{problem.shown()}") from problem


def never() -> str | None:
    """Nothing of ours that could have died."""
    return None


def start_docker(children: Children, tell: Tell) -> Callable[[], str | None]:
    """Through the service manager where one runs. Never restarts one that runs: this is called when none answers.

    Returns a question to ask while waiting: how it died, or None.
    """
    if SYSTEMD.is_dir():
        try:
            children.run(["systemctl", "start", "docker"], tell=tell)
        except CommandFailed as problem:
            raise UserError(f"Docker could not be started.\n{problem.shown()}", "journalctl -u docker") from problem
        return never
    tell("no service manager runs here: starting dockerd in the background")
    for name, pid_file in PID_FILES.items():
        forget_killed_daemon(name, pid_file, Path("/proc"))
    return start_dockerd(["dockerd"], LOG)


def forget_killed_daemon(daemon: str, pid_file: Path, proc: Path) -> None:
    """A killed daemon leaves its number behind; as long as a zombie or a stranger has that number, no other one starts."""
    try:
        stat = (proc / str(int(pid_file.read_text(encoding="utf-8"))) / "stat").read_text(encoding="utf-8")
    except (OSError, ValueError):
        stat = ""
    name, _, state = stat.partition("(")[2].rpartition(")")
    if name != daemon or state.split()[0] == "Z":
        pid_file.unlink(missing_ok=True)


def start_dockerd(command: list[str], log: Path) -> Callable[[], str | None]:
    """In a session of its own: Docker serves the whole machine and stays when ./lab has ended."""
    with log.open("ab") as output:
        daemon = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/"
        )

    def death() -> str | None:
        if daemon.poll() is None:
            return None
        lines = "\n".join(f"  {line}" for line in log.read_text(errors="replace", encoding="utf-8").splitlines()[-LOG_LINES:])
        return f"dockerd ended with status {daemon.returncode}; the last lines of {log}:\n{lines}"

    return death


def await_docker(
    children: Children,
    death: Callable[[], str | None] = never,
    look: Callable[[], DockerHost] = look_at_docker,
    deadline: float = START_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> DockerHost:
    """Until it answers. Raises UserError that says how it died, or what was last seen."""
    end = time.monotonic() + deadline
    while (docker := look()).reach is not Reach.ANSWERS:
        children.check()
        if how := death():
            raise UserError(f"Docker could not be started: {how}")
        if time.monotonic() > end:
            seen = f"waited {deadline:.0f} s for Docker to answer on {docker.address}; last seen: {docker.detail}"
            raise UserError(f"Docker was started and does not answer: {seen}.", f"look into {LOG}" if LOG.exists() else None)
        sleep(POLL_SECONDS)
    return docker
