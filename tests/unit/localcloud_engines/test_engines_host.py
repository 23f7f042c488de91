"""Container flags as pure functions of what the host allows, for both cgroup versions; refusals with their reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.engines.host import CAPABILITIES, HostFacts, agent_flags, cpu_share, missing, read_facts, server_flags

ALL = (1 << 41) - 1
SYS_RESOURCE = 1 << 24


@pytest.mark.parametrize(
    ("facts", "binds", "namespace", "dropped"),
    [
        pytest.param(HostFacts(1, ALL), ("/sys/fs/cgroup:/sys/fs/cgroup:rw",), "host", (), id="v1"),
        pytest.param(HostFacts(2, ALL), (), "private", (), id="v2"),
        pytest.param(
            HostFacts(1, ALL & ~SYS_RESOURCE), ("/sys/fs/cgroup:/sys/fs/cgroup:rw",), "host", ("SYS_RESOURCE",), id="v1 confined"
        ),
        pytest.param(HostFacts(2, ALL & ~SYS_RESOURCE & ~(1 << 39)), (), "private", ("SYS_RESOURCE", "BPF"), id="v2 confined"),
    ],
)
def test_server_flags(facts: HostFacts, binds: tuple[str, ...], namespace: str, dropped: tuple[str, ...]) -> None:
    flags = server_flags(facts)
    assert (flags.binds, flags.cgroup_namespace, flags.cap_drop) == (binds, namespace, dropped)
    assert set(flags.tmpfs) == {"/run", "/run/lock"}
    assert flags.devices == ("b 7:* rwm",)
    assert not flags.unmasked


@pytest.mark.parametrize("version", [1, 2])
def test_the_agent_sees_the_hosts_devices_and_control_groups(version: int) -> None:
    flags = agent_flags(HostFacts(version, ALL & ~SYS_RESOURCE))
    assert flags.binds == ("/dev:/dev", "/sys/fs/cgroup:/sys/fs/cgroup:rw")
    assert flags.cap_drop == ("SYS_RESOURCE",)
    assert flags.cgroup_namespace == "host"
    assert flags.unmasked


def test_capabilities_that_the_kernel_does_not_know_are_not_named() -> None:
    assert missing(HostFacts(2, (1 << 38) - 1, known=37)) == ()
    assert missing(HostFacts(2, (1 << 37) - 1, known=37)) == (CAPABILITIES[37],)


def test_a_large_flavour_gets_what_the_host_has() -> None:
    assert [cpu_share(HostFacts(1, ALL, cpus=2), wanted) for wanted in (0.5, 2, 8)] == [0.5, 2.0, 2.0]


def test_capabilities_stand_at_their_numbers() -> None:
    assert [CAPABILITIES.index(name) for name in ("CHOWN", "NET_ADMIN", "SYS_ADMIN", "SYS_RESOURCE", "MKNOD", "BPF")] == [
        0,
        12,
        21,
        24,
        27,
        39,
    ]


def test_facts_come_from_docker_and_the_bounding_set(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nCapBnd:\t000001fffeffffff\n")
    facts = read_facts({"CgroupVersion": "2", "SecurityOptions": ["name=seccomp,profile=default"]}, status)
    assert (facts.cgroup_version, facts.bounding, facts.refusals) == (2, 0x1FFFEFFFFFF, ())


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({"SecurityOptions": ["name=rootless"]}, "Docker runs rootless"),
        ({"SecurityOptions": ["name=userns"]}, "userns-remap"),
        ({"OperatingSystem": "Docker Desktop"}, "this is Docker Desktop"),
        ({"ServerVersion": "4.3.1-podman"}, "this is Podman"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(info: dict[str, object], reason: str) -> None:
    (refusal,) = read_facts(info).refusals
    assert reason in refusal
