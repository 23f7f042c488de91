"""What a server does to its own power, by its own commands."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from contract.own_cloud import booted, is_running, shell
from support.waiting import wait_until

from ctyun import Client, CloudRecord, DiskWish, Server

SECONDS = 60.0
PREPARE = """
mkfs.ext4 -q /dev/vdb; mkdir /srv/data
echo "/dev/vdb /srv/data ext4 defaults 0 2" >> /etc/fstab; mount --all; echo kept > /srv/data/file
echo "/dev/vdz /srv/none ext4 defaults 0 2" >> /etc/fstab
cat > /etc/systemd/system/arrive.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo here >> /var/lib/arrivals'
[Install]
WantedBy=multi-user.target
END
systemctl enable --quiet --now arrive
"""
ARRIVALS = "cat /var/lib/arrivals"  # a line per boot


@pytest.fixture
def server(make: Any, site: Any, record: CloudRecord) -> Server:
    """It has a file on its data disk, which fstab mounts (besides one that is not there), and writes a line at each boot."""
    server: Server = make.server(site.wish(make.name("web"), data_disks=(DiskWish("SSD", 10),)))
    booted(record, server.id)  # else there may be no systemd yet that could be asked
    shell(record, server.id, PREPARE)
    return server


def container(record: CloudRecord, server: Server) -> str:
    return f"drlab-{record.id}-{server.id}"


def says(record: CloudRecord, server: Server, command: str) -> None:
    """In a shell of the server, which may end before it has answered."""
    subprocess.run(["docker", "exec", container(record, server), "sh", "-c", command], timeout=30, capture_output=True)


@pytest.mark.parametrize("command", ["reboot", "reboot --force"])
def test_a_server_that_reboots_comes_up_again(
    client: Client, run: Any, region: str, record: CloudRecord, server: Server, command: str
) -> None:
    says(record, server, command)
    wait_until(
        lambda: is_running(container(record, server)) and shell(record, server.id, ARRIVALS).count("here") == 2,
        SECONDS, "the server to arrive for the second time",
    )  # fmt: skip
    wait_until(lambda: run(client.servers.get(region, server.id)).status == "running", SECONDS, "the API to say so")
    assert server.private_address in shell(record, server.id, "hostname -I")
    assert shell(record, server.id, "mountpoint -q /srv/data; cat /srv/data/file") == "kept\n"


def test_a_server_that_powers_itself_off_stays_off(
    client: Client, run: Any, region: str, record: CloudRecord, server: Server
) -> None:
    says(record, server, "poweroff")
    wait_until(lambda: run(client.servers.get(region, server.id)).status == "stopped", SECONDS, "the server to be off")
    with pytest.raises(pytest.fail.Exception):
        wait_until(lambda: is_running(container(record, server)), 5, "a server that came up although it was powered off")
    assert run(client.servers.start(region, server.id)).status == "running"
