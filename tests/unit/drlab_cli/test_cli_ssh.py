"""Files for ssh: whose key, which host keys, through which host; and how private they are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from drlab.errors import UserError
from drlab.folders import Folders
from drlab.ssh import Access, command_line, known_hosts, write_files

ACCESS = Access.from_output(
    {
        "privateKey": "-----BEGIN KEY-----\nabc\n-----END KEY-----",
        "user": "root",
        "jumpHost": {"name": "jump-host", "address": "198.18.0.2", "hostKey": "ssh-ed25519 AAAAjump"},
        "servers": [{"name": "web-01", "address": "192.168.1.3", "hostKey": "ssh-ed25519 AAAAweb"}],
    }
)


def test_the_jump_host_is_a_server_too() -> None:
    assert [server.name for server in ACCESS.servers] == ["jump-host", "web-01"]


def test_host_keys_are_pinned_by_name_not_by_address() -> None:
    assert known_hosts("single-host", ACCESS) == (
        "single-host-jump-host ssh-ed25519 AAAAjump\nsingle-host-web-01 ssh-ed25519 AAAAweb\n"
    )


def test_the_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "ssh"
    write_files(folder, "single-host", ACCESS)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("single-host.config", "single-host.key", "single-host.known_hosts"), 0o600
    )


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh client on this machine")
def test_ssh_itself_reads_the_settings_so(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    write_files(folder, "single-host", ACCESS)
    done = subprocess.run(
        ["ssh", "-F", str(folder / "single-host.config"), "-G", "web-01"], capture_output=True, text=True, check=True, timeout=10
    )
    settings = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    wanted = {
        "hostname": "192.168.1.3",
        "user": "root",
        "proxyjump": "jump-host",
        "hostkeyalias": "single-host-web-01",
        "stricthostkeychecking": "true",
        "identitiesonly": "yes",
        "identityfile": str(folder / "single-host.key"),
        "userknownhostsfile": str(folder / "single-host.known_hosts"),
    }
    assert {key: settings.get(key) for key in wanted} == wanted


def test_what_follows_the_name_goes_to_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "ssh"
    client.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    folders = Folders(tmp_path, tmp_path / "state", tmp_path / "cache")
    command = command_line(folders, "single-host", "web-01", ["-N", "-L", "1:2:3"])
    assert command == [str(client), "-F", str(tmp_path / "state/ssh/single-host.config"), "web-01", "-N", "-L", "1:2:3"]


def test_no_ssh_client_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no ssh client") as caught:
        command_line(Folders(tmp_path, tmp_path, tmp_path), "single-host", "web-01", [])
    assert caught.value.hint == "apt-get install openssh-client"
