"""Doctor's findings are facts turned into sentences; rendering knows nothing else."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from drlab.doctor import docker_finding, kernel_findings, space_finding
from drlab.findings import Finding, Status, render, to_json, worst
from drlab.setup.docker_host import DockerHost, Reach
from drlab.setup.kernel import KernelFacts, has_sys_resource, read_kernel

FULL = KernelFacts("6.1.0", 1, True, True, True, True, 4, 16_000_000_000)


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_a_machine_with_everything() -> None:
    assert worst(kernel_findings(FULL)) is Status.OK


@pytest.mark.parametrize(
    ("facts", "name", "status", "note"),
    [
        (replace(FULL, bridge_filter=False), "br_netfilter", Status.CANNOT, "security groups"),
        (replace(FULL, loop_devices=False), "loop devices", Status.LIMITED, "data disks are refused"),
        (replace(FULL, sys_resource=False), "CAP_SYS_RESOURCE", Status.LIMITED, "instead of --privileged"),
        (replace(FULL, netem=False), "netem", Status.LIMITED, "no delay or loss"),
        (replace(FULL, netem=None), "netem", Status.OK, "looked at again"),
        (replace(FULL, cgroup_version=2), "cgroup", Status.LIMITED, "not yet run on"),
        (replace(FULL, memory_bytes=2_000_000_000), "size", Status.LIMITED, "little memory"),
    ],
)
def test_what_a_kernel_lacks_and_what_follows(facts: KernelFacts, name: str, status: Status, note: str) -> None:
    finding = by_name(kernel_findings(facts))[name]
    assert finding.status is status
    assert note in finding.note


@pytest.mark.parametrize(
    ("docker", "status", "text"),
    [
        (DockerHost(Reach.SILENT, "/s", "", {}, {}), Status.MISSING, "does not answer on /s"),
        (DockerHost(Reach.FORBIDDEN, "/s", "", {}, {}), Status.CANNOT, "/s is not open to you"),
        (DockerHost(Reach.REMOTE, "tcp://x", "", {}, {}), Status.CANNOT, "tcp://x"),
        (
            DockerHost(Reach.ANSWERS, "/s", "", {"Driver": "overlay2", "CgroupVersion": "2"}, {"Version": "28"}, 7),
            Status.OK,
            "28, overlay2",
        ),
    ],
)
def test_docker(docker: DockerHost, status: Status, text: str) -> None:
    finding = docker_finding(docker)
    assert finding.status is status
    assert text in finding.value


def test_little_space() -> None:
    assert space_finding("cache", "/c", 50_000_000_000).status is Status.OK
    assert "DRLAB_CACHE" in space_finding("cache", "/c", 3_000_000_000).note


def test_the_kernels_own_files_are_read(tmp_path: Path) -> None:
    release = os.uname().release
    for path, text in {
        "proc/meminfo": "MemTotal:       2048000 kB\n",
        "proc/7/status": "Name:\tdockerd\nCapBnd:\t000001fffeffffff\n",
        "proc/8/status": "Name:\tdockerd\nCapBnd:\t000001ffffffffff\n",
        f"lib/modules/{release}/modules.dep": "kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "proc/config.gz").write_bytes(gzip.compress(b"CONFIG_NET_SCH_NETEM=m\n# CONFIG_X is not set\n"))
    facts = read_kernel(7, tmp_path)
    assert (facts.sys_resource, facts.bridge_filter, facts.loop_devices, facts.cgroup_version) == (False, True, False, 1)
    assert facts.netem is False  # configured as a module that does not lie there
    assert facts.memory_bytes == 2_097_152_000
    assert has_sys_resource(tmp_path, 8) is True
    assert has_sys_resource(tmp_path, None) is None


def test_rendering_names_an_area_once_and_json_holds_everything() -> None:
    findings = [
        Finding("docker", "engine", Status.OK, "20.10"),
        Finding("docker", "image x", Status.MISSING, "drlab/x:1", "set-up builds it"),
    ]
    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(render(findings))
    console.file.close()
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert lines == ["docker  engine   ok       20.10", "        image x  missing  drlab/x:1 (set-up builds it)"]
    assert to_json(findings)[1] == {
        "area": "docker",
        "name": "image x",
        "status": "missing",
        "value": "drlab/x:1",
        "note": "set-up builds it",
    }
