"""Which Docker can serve, and what a user may do about one that cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drlab.errors import UserError
from drlab.setup.children import Cancelled, Children
from drlab.setup.docker_engine import await_docker, check_right, forget_killed_daemon, missing_docker, start_dockerd
from drlab.setup.docker_host import DockerHost, Reach, look_at_docker, refusal

GOOD_VERSION = {"Version": "20.10.24", "Platform": {"Name": ""}, "Components": [{"Name": "Engine"}]}
GOOD_INFO = {"OSType": "linux", "OperatingSystem": "Debian GNU/Linux 12", "Driver": "overlay2", "CgroupVersion": "1"}


def docker(reach: Reach = Reach.ANSWERS, peer_pid: int = 812, **changes: Any) -> DockerHost:
    info = {**GOOD_INFO, **{key: value for key, value in changes.items() if key[0].isupper()}}
    version = {**GOOD_VERSION, **changes.get("version", {})}
    return DockerHost(reach, changes.get("address", "/var/run/docker.sock"), changes.get("detail", ""), info, version, peer_pid)


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (docker(), None),
        (docker(SecurityOptions=["name=seccomp,profile=default", "name=cgroupns"]), None),
        (docker(SecurityOptions=["name=rootless"]), "this Docker is rootless"),
        (docker(SecurityOptions=["name=userns"]), "this Docker maps users"),
        (docker(OperatingSystem="Docker Desktop"), "this is Docker Desktop"),
        (docker(version={"Platform": {"Name": "Docker Desktop 4.30"}}), "this is Docker Desktop"),
        (docker(version={"Components": [{"Name": "Podman Engine"}]}), "this is Podman"),
        (docker(OSType="windows"), "runs windows containers; Linux is needed"),
        (docker(peer_pid=0), "Docker runs outside this container or machine"),
        (docker(Reach.REMOTE, address="tcp://10.0.0.5:2375"), "DOCKER_HOST is tcp://10.0.0.5:2375"),
    ],
)
def test_what_cannot_carry_the_local_cloud_is_refused_with_the_reason(host: DockerHost, reason: str | None) -> None:
    found = refusal(host)
    assert found is None if reason is None else found is not None and reason in found


SILENT = docker(Reach.SILENT)


@pytest.mark.parametrize(
    ("host", "is_root", "dockerd", "apt", "sentence", "hint"),
    [
        (docker(), False, None, None, None, None),
        (SILENT, True, "/usr/sbin/dockerd", None, None, None),
        (SILENT, True, None, "/usr/bin/apt-get", None, None),
        (SILENT, True, None, None, "this system has no apt-get", "install Docker Engine and start it"),
        (SILENT, False, "/usr/sbin/dockerd", "x", "only root may start it", "sudo systemctl start docker"),
        (SILENT, False, None, "x", "only root may install it", "log out and in again"),
        (docker(Reach.SILENT, address="/run/other"), True, "x", "x", "which DOCKER_HOST names", "unset DOCKER_HOST"),
        (docker(Reach.FORBIDDEN), False, "x", "x", "you may not use it: /var/run/docker.sock", "usermod -aG docker"),
        (
            docker(SecurityOptions=["name=rootless"]),
            True,
            "x",
            "x",
            "cannot run on this Docker: this Docker is rootless",
            "doctor",
        ),
    ],
)
def test_who_may_do_what_about_docker(
    host: Any, is_root: Any, dockerd: Any, apt: Any, sentence: str | None, hint: str | None
) -> None:
    if sentence is None:
        check_right(host, is_root, dockerd, apt)
        return
    with pytest.raises(UserError) as refused:
        check_right(host, is_root, dockerd, apt)
    assert sentence in refused.value.message
    assert hint is not None and hint in (refused.value.hint or "")


def test_a_docker_that_serves_needs_nothing() -> None:
    assert missing_docker(docker()) is None
    assert missing_docker(SILENT) is not None
    assert missing_docker(docker(SecurityOptions=["name=rootless"])) is not None


def answers(path: str, sock: Path) -> Any:
    return {"/version": GOOD_VERSION, "/info": GOOD_INFO}[path]


@pytest.mark.parametrize(
    ("environ", "failure", "reach", "address"),
    [
        ({}, None, Reach.ANSWERS, "/var/run/docker.sock"),
        ({"DOCKER_HOST": "unix:///run/other.sock"}, None, Reach.ANSWERS, "/run/other.sock"),
        ({"DOCKER_HOST": "ssh://box"}, None, Reach.REMOTE, "ssh://box"),
        ({}, PermissionError(13, "Permission denied"), Reach.FORBIDDEN, "/var/run/docker.sock"),
        ({}, FileNotFoundError(2, "No such file"), Reach.SILENT, "/var/run/docker.sock"),
        ({}, ConnectionRefusedError(111, "refused"), Reach.SILENT, "/var/run/docker.sock"),
        ({}, ValueError("no JSON"), Reach.SILENT, "/var/run/docker.sock"),
    ],
)
def test_how_docker_is_found(environ: Any, failure: Exception | None, reach: Reach, address: str) -> None:
    def get(path: str, sock: Path) -> Any:
        if failure:
            raise failure
        return answers(path, sock)

    found = look_at_docker(environ, get, lambda sock: 812)
    assert (found.reach, found.address) == (reach, address)


def test_waiting_for_docker_ends_when_it_answers() -> None:
    seen = iter([SILENT, SILENT, docker()])
    assert await_docker(Children(), look=lambda: next(seen), sleep=lambda seconds: None).reach is Reach.ANSWERS


def test_a_docker_that_never_answers_is_an_error_with_what_was_last_seen() -> None:
    silent = docker(Reach.SILENT, detail="[Errno 111] Connection refused")
    with pytest.raises(UserError, match=r"last seen: .*Connection refused"):
        await_docker(Children(), look=lambda: silent, deadline=0, sleep=lambda seconds: None)


def test_waiting_for_docker_ends_with_set_up() -> None:
    children = Children()
    children.cancel()
    with pytest.raises(Cancelled):
        await_docker(children, look=lambda: SILENT, sleep=lambda seconds: None)


def test_a_daemon_that_dies_is_told_at_once_with_its_own_words(tmp_path: Path) -> None:
    death = start_dockerd(["sh", "-c", "echo storage driver not supported; exit 1"], tmp_path / "log")
    with pytest.raises(
        UserError, match=r"dockerd ended with status 1; the last lines of .*/log:\n  storage driver not supported"
    ):
        await_docker(Children(), death, lambda: SILENT)


@pytest.mark.parametrize(
    ("stat", "stays"),
    [("7 (dockerd) S 1 7", True), ("7 (dockerd) Z 1 7", False), ("7 (a (b) c) S 1 7", False), (None, False)],
    ids=["it runs", "a zombie", "a stranger with its number", "nobody has the number"],
)
def test_the_number_of_a_killed_daemon_is_forgotten(tmp_path: Path, stat: str | None, stays: bool) -> None:
    (pid_file := tmp_path / "docker.pid").write_text("7")
    (tmp_path / "proc/7").mkdir(parents=True)
    if stat:
        (tmp_path / "proc/7/stat").write_text(stat)
    forget_killed_daemon("dockerd", pid_file, tmp_path / "proc")
    assert pid_file.exists() is stays
    forget_killed_daemon("dockerd", tmp_path / "none", tmp_path / "proc")
