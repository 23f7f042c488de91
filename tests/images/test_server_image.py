"""The bare server: a cloud server in all that user data, SSH and systemd can see."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.ports import knock
from support.waiting import wait_until

pytestmark = pytest.mark.contract

CLASS = 30
BOOT_CPU_LIMIT_S = 2.0  # systemd, sshd and all of cloud-init, for user data that itself takes no time


def new_key(folder: Path, name: str) -> tuple[str, str]:
    """A new ed25519 key pair: private (OpenSSH PEM) and public line."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True, timeout=10)
    return path.read_text(), path.with_suffix(".pub").read_text().strip()


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def ssh(server: Any, folder: Path, host_key: str, command: str) -> str:
    known = folder / "known_hosts"
    known.write_text(f"{server.address} {host_key}\n")
    options = ["-i", str(folder / "login"), "-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]
    done = subprocess.run(
        ["ssh", "-F", "none", *options, f"root@{server.address}", command], check=True, capture_output=True, text=True, timeout=20
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def keyed(boot: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path, str]:
    """A server with a login key, and with a host key from user data."""
    folder = tmp_path_factory.mktemp("keys")
    _, login = new_key(folder, "login")
    private, public = new_key(folder, "host")
    user_data = (
        f"#cloud-config\nssh_keys:\n  ed25519_private: |\n{indented(private)}  ed25519_public: {public}\n"
        "write_files:\n  - {path: /etc/hr/server.env, content: 'A=b'}\n"
        "runcmd:\n  - [sh, -c, 'systemctl is-system-running > /run/state-in-user-data']\n"
    )
    server = boot("debian", user_data=user_data, login_key=login)
    return server, folder, " ".join(public.split()[:2])


def test_user_data_ends_without_errors(keyed: tuple[Any, Path, str]) -> None:
    server, _, _ = keyed
    result = server.cloud_init()
    assert result["errors"] == []
    assert "NoCloud" in result["datasource"]
    assert "status: done" in server.run("cloud-init status")
    assert server.run("cat /etc/hr/server.env") == "A=b"
    assert "boot-finished" in server.run("ls /var/lib/cloud/instance/"), "scripts wait for it"


def test_the_system_runs_and_has_no_failed_units(keyed: tuple[Any, Path, str]) -> None:
    server, _, _ = keyed
    server.cloud_init()
    assert server.run("systemctl is-system-running --wait", status=None) == "running"
    assert server.run("systemctl list-units --failed --no-legend") == ""


def test_user_data_runs_after_the_boot(keyed: tuple[Any, Path, str]) -> None:
    server, _, _ = keyed
    server.cloud_init()
    assert server.run("cat /run/state-in-user-data") == "running"


def test_root_logs_in_by_key_and_the_host_key_is_the_one_of_user_data(keyed: tuple[Any, Path, str]) -> None:
    server, folder, host_key = keyed
    wait_until(lambda: knock(server.address, 22, 1) == "open", 30, "sshd to answer")
    assert ssh(server, folder, host_key, "id -un; hostname") == "root\nweb-01"
    offered = server.run("sshd -T")
    assert "passwordauthentication no" in offered
    assert "/etc/ssh/ssh_host_ed25519_key" in offered


def test_a_class_may_be_about_to_log_in_while_somebody_logs_in(keyed: tuple[Any, Path, str]) -> None:
    """Thirty connections that have not logged in yet: with Debian's limit sshd closes some of them, and mostly the next one."""
    server, folder, host_key = keyed
    wait_until(lambda: knock(server.address, 22, 1) == "open", 30, "sshd to answer")
    with ExitStack() as held:
        connections = [held.enter_context(socket.create_connection((server.address, 22), timeout=10)) for _ in range(CLASS)]
        greetings = [connection.recv(64) for connection in connections]
        assert [greeting for greeting in greetings if not greeting.startswith(b"SSH-2.0-")] == []
        assert ssh(server, folder, host_key, "id -un") == "root"


@pytest.mark.parametrize(("mode", "status"), [("poweroff", 130), ("reboot", 129)])
def test_user_data_ends_with_a_change_of_power(boot: Callable[..., Any], mode: str, status: int) -> None:
    """The first process ends as after `poweroff` and `reboot` in a shell, which the local cloud acts upon."""
    script = "runcmd: [touch /root/ran]\n"
    server = boot("debian", user_data=f"#cloud-config\n{script}power_state: {{mode: {mode}, message: that was all}}\n")
    assert server.container.wait(timeout=60)["StatusCode"] == status
    assert server.container.get_archive("/root/ran"), "before all the rest was done"


def test_a_reboot_keeps_host_key_and_does_not_run_user_data_again(keyed: tuple[Any, Path, str]) -> None:
    server, folder, host_key = keyed
    server.cloud_init()
    server.container.restart(timeout=20)
    server.cloud_init()
    wait_until(lambda: knock(server.address, 22, 1) == "open", 30, "sshd to answer")
    assert ssh(server, folder, host_key, "test ! -e /run/state-in-user-data && echo once") == "once"


def test_failing_user_data_is_an_error(boot: Callable[..., Any]) -> None:
    server = boot("debian", user_data="#!/bin/sh\nexit 3\n")
    assert len(server.cloud_init()["errors"]) == 1
    assert "status: error" in server.run("cloud-init status", status=None)


def test_two_servers_share_neither_host_key_nor_machine_id(boot: Callable[..., Any]) -> None:
    servers = [boot("debian") for _ in range(2)]
    for server in servers:
        assert server.cloud_init()["errors"] == []
    for file in ("/etc/ssh/ssh_host_ed25519_key.pub", "/etc/machine-id"):
        assert len({server.run(f"cat {file}") for server in servers}) == 2


def test_the_first_process_waits_for_the_nic(boot: Callable[..., Any]) -> None:
    server = boot("debian", plugged=False)
    time.sleep(1)  # long enough for systemd to have taken over, had it not waited
    assert "drlab-init" in server.run("tr '\\0' ' ' < /proc/1/cmdline")
    server.run("ip link add eth0 type veth peer name cable")
    wait_until(lambda: server.run("cat /proc/1/comm") == "systemd", 5, "systemd to take over")


def test_a_boot_takes_two_seconds_of_its_core_at_most(boot: Callable[..., Any]) -> None:
    # CPU time and not the clock, so that a busy machine changes nothing; the server has one core, so it bounds both.
    server = boot("debian")
    server.cloud_init()
    fields = server.run("cat /proc/1/stat").rpartition(")")[2].split()
    ticks = sum(int(field) for field in fields[11:15])  # own and ended children's: proc(5), fields 14 to 17
    seconds = ticks / int(server.run("getconf CLK_TCK"))
    assert 0.1 < seconds <= BOOT_CPU_LIMIT_S
