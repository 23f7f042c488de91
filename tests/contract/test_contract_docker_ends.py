"""Docker is restarted under a living cloud, as the cloud sees it: its socket goes, its containers die, another socket comes.

The cloud reaches Docker through a socket of the test's own, so that the machine's Docker goes on for everybody else.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from contract.factories import Factory
from contract.mysql_ledger import Ledger, PairOfNodes
from contract.mysql_ledger import make_pair as make_mysql
from contract.own_cloud import HALTING, OwnCloud, booted, own_site
from contract.pairs import PORT, Pair, get, make_pair
from contract.running_cloud import Run, leftovers, localcloud_says, phase
from support.docker_proxy import DockerProxy
from support.waiting import wait_until

from ctyun import Client, CloudRecord, Rule, Server, ServiceFault

SOCKET = "docker.sock"  # in the state folder
NOTICED, BACK = 15.0, 60.0  # seconds; a quiet machine takes none and three

pytestmark = pytest.mark.timeout(600)


class ProxiedCloud(OwnCloud):
    """Reaches Docker through a socket in its state folder."""

    def start(self) -> CloudRecord:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", f"unix://{self.state / SOCKET}")
            return super().start()


@dataclass
class World:
    """A cloud that sees Docker come and go, with a site behind a balancer, one server beside it, and a MySQL pair."""

    own: ProxiedCloud
    docker: DockerProxy
    record: CloudRecord
    client: Client
    run: Run
    region: str
    make: Factory
    site: Any
    web: Pair
    own_url: str  # of the first web server, past the balancer
    off: Server
    mysql: PairOfNodes

    def phase(self) -> str:
        return self.run(phase(self.record))

    def kill_containers(self) -> None:
        running = ["docker", "ps", "-q", "--filter", f"label=drlab.cloud={self.record.id}"]
        found = subprocess.run(running, capture_output=True, text=True, check=True, timeout=30).stdout.split()
        killing = [subprocess.Popen(["docker", "kill", container], stdout=subprocess.DEVNULL) for container in found]
        assert [process.wait(60) for process in killing] == [0] * len(found)

    def docker_ends(self) -> None:
        self.docker.down()
        self.waits()

    def waits(self) -> None:
        wait_until(lambda: self.phase() == "waiting for Docker", NOTICED, "Docker's end to be noticed")

    def docker_restarts(self) -> None:
        self.docker_ends()
        self.kill_containers()
        self.docker.up()

    def ready(self) -> None:
        wait_until(lambda: self.phase() == "ready", BACK, "the cloud to be ready again")

    def everything_answers(self) -> None:
        wait_until(lambda: get(self.own_url) == self.web.servers[0].name, BACK, "a server to answer on its EIP")
        wait_until(lambda: get(self.web.url) in self.names(), BACK, "the balancer to answer on its EIP")

    def names(self) -> set[str]:
        return {server.name for server in self.web.servers}

    def status(self, server: Server) -> str:
        return self.run(self.client.servers.get(self.region, server.id)).status

    def began(self, *ids: str) -> list[str]:
        """When these containers were started."""
        names = [f"drlab-{self.record.id}-{id_}" for id_ in ids]
        command = ["docker", "inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", *names]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()


@pytest.fixture(scope="module")
def world(run: Run, region: str) -> Iterator[World]:
    """At the end nothing of it is left."""
    state = Path(tempfile.mkdtemp(prefix="drlab-dk-", dir="/tmp"))
    docker = DockerProxy(state / SOCKET)
    docker.up()
    own = ProxiedCloud(state, run, program=HALTING)
    record = own.start()
    client = Client.local(record)
    try:
        with ExitStack() as cleanup:
            make = Factory(client, run, region, cleanup)
            site = own_site(client, run, region, make)
            web = make_pair(client, run, region, site, record, make)
            run(client.security_groups.add_rules(region, site.group_id, [Rule("ingress", "accept", "TCP", ports=str(PORT))]))
            eip = make.eip()
            run(client.eips.associate(region, eip.id, web.servers[0].id))
            make.remove_later(lambda: client.eips.disassociate(region, eip.id))
            off = make.server(site.wish(make.name("off")))
            run(client.servers.stop(region, off.id, force=True))
            mysql = make_mysql(own, record, run, region, cleanup)
            yield World(own, docker, record, client, run, region, make, site, web, f"http://{eip.address}:{PORT}/", off, mysql)
    finally:
        run(client.aclose())
        own.cloud.stop(run, record)
        docker.down()
    assert localcloud_says("scan", "--state", str(state)) == []
    assert leftovers(record.id) == []
    shutil.rmtree(state)


def test_what_ran_runs_again_and_what_was_off_stays_off(world: World) -> None:
    world.mysql.settled()
    dead = world.web.servers[1]
    fault = world.mysql.fault("power-off", f"server:{dead.name}")
    with Ledger(world.mysql.address) as ledger:
        world.docker_ends()
        before = world.began(world.web.servers[0].id)
        with pytest.raises(ServiceFault, match="waiting for Docker"):
            world.status(dead)
        assert before == world.began(world.web.servers[0].id) and get(world.own_url), "a Docker that is away harms nobody yet"
        world.kill_containers()
        world.docker.up()
        world.ready()
        world.everything_answers()
        ledger.goes_on()
        world.mysql.settled()
    assert ledger.lost() == []
    assert [world.status(server) for server in (world.web.servers[0], world.off, dead)] == ["running", "stopped", "stopped"]
    assert [line.split()[0] for line in world.began(world.off.id, dead.id)] == ["false", "false"]
    world.mysql.undo(fault)
    assert world.status(dead) == "running"


def test_what_has_survived_is_not_touched(world: World) -> None:
    """As with Docker's live-restore; a server that somebody stopped meanwhile is not repaired, as at any other time."""
    world.everything_answers()
    world.mysql.settled()
    one, other = world.web.servers
    nodes = [node.id for node in world.mysql.seen().nodes]
    before = world.began(one.id, *nodes)
    with Ledger(world.mysql.address) as ledger:
        world.docker_ends()
        subprocess.run(["docker", "kill", f"drlab-{world.record.id}-{other.id}"], capture_output=True, check=True, timeout=30)
        assert get(world.own_url) == one.name
        world.docker.up()
        world.ready()
        ledger.goes_on()
    assert ledger.lost() == []
    assert world.began(one.id, *nodes) == before
    assert world.status(other) == "stopped"
    world.run(world.client.servers.start(world.region, other.id))


def test_orders_under_way_are_carried_on(world: World) -> None:
    """Docker ends in good order here, after its containers, and once more while everything starts again."""
    world.everything_answers()
    name = world.make.name("late")
    order = world.run(world.client.servers.create(world.region, world.site.wish(name), client_token=str(uuid.uuid4())))
    world.docker.refuse()
    world.kill_containers()
    world.waits()
    world.docker.down()
    world.docker.up()
    wait_until(lambda: world.phase() != "waiting for Docker", BACK, "Docker to be found again")
    world.docker_restarts()
    world.ready()
    late = world.run(world.client.servers.created(world.region, order, what=name, timeout=60))
    world.make.remove_server_later(late.id)
    assert late.status == "running"
    assert booted(world.record, late.id)[-1] == name
    world.everything_answers()
    world.mysql.settled()


def test_roles_of_databases_that_were_changing_go_on_changing(world: World) -> None:
    world.mysql.settled()
    old = world.mysql.node("primary")
    with Ledger(world.mysql.address) as ledger:
        with world.mysql.halted("stop_receiving") as come_there:
            fault = world.mysql.power_off(old)
            come_there()
            assert world.mysql.seen().step
            world.docker_restarts()
        world.ready()
        ledger.goes_on()
        assert world.mysql.seen().primary != old.id
        world.mysql.undo(fault)
        world.mysql.settled()
    assert ledger.lost() == []


def test_a_cloud_that_waits_takes_no_time_and_can_be_ended(world: World) -> None:
    process = world.own.process
    assert process is not None
    world.docker_ends()
    before, began = cpu(process.pid), time.monotonic()
    time.sleep(3)  # what is measured is a time
    assert (cpu(process.pid) - before) / (time.monotonic() - began) < 0.25
    process.terminate()
    assert process.wait(30) == 0
    world.docker.up()
    world.record = world.own.start()
    world.everything_answers()


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
