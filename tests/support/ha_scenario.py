"""Scripted faults of a MySQL instance: text in, what the controller saw, did and said out, with what became of the writes.

    pair [usability] [manual] [asynchronous] for 20 s      a client writes every 0.1 s through the instance's address
    <seconds> power off|on <node>                          nothing may start it meanwhile
    <seconds> kill|hang|wake <node>                        its process
    <seconds> cut|join <node> <node>                       they do not hear each other
    <seconds> shut-out <node>                              it knows none of the cloud's accounts until it starts anew
    <seconds> isolate|reconnect <node>                     nobody reaches it
    <seconds> fill|free <node>                             its disk
    <seconds> behind <node> <seconds>                      as a candidate it applies for so long
    <seconds> stuck <node>                                 its relay log cannot be replayed
    <seconds> end-receiver <node>                          by an error; it can be started again
    <seconds> torn <node>                                  as soon as its receiver is started it ends
    <seconds> lazy <node>                                  it receives, but applies only what it is told to
    <seconds> mute|speak <node>                            nobody hears what it acknowledges
    <seconds> late|prompt <node>                           it has each write only when there is another one
    <seconds> slow <node> <seconds>                        looks at it take so long
    <seconds> break <node>                                 its applier: nothing that it has received can be applied
    <seconds> open <node>                                  somebody switches read_only off behind the controller's back
    <seconds> restart                                      the local cloud is killed, and started again
    <seconds> before <call> power off <node>               right before the controller's next such call to the engine
    <seconds> before <call> silent <node> <seconds>        no look at it tells anything for so long
    <seconds> switch to <node>, promote, promote with loss

Times are virtual. A line of the answer: when, the sentence, and the action, if there was one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from support.fake_nodes import MEGABYTE
from support.mysql_records import ADDRESS, MYSQL, ORDER, VPC, Cloud, power_fault
from support.virtual_time import run_virtually

from localcloud.engines.interface.engines import EngineError
from localcloud.records.compute import FAULTS, ORDERS
from localcloud.records.databases import MYSQL_NODES, MYSQLS, SWITCHES
from localcloud.records.errors import LocalError

TICK = 0.1
STATES = {  # event -> what it makes of a node
    "hang": ("hangs", True), "wake": ("hangs", False), "fill": ("full", True), "free": ("full", False), "lazy": ("lazy", True),
    "shut-out": ("shut_out", True), "stuck": ("stuck", True), "torn": ("torn", True), "end-receiver": ("asks", False),
    "open": ("writable", True), "mute": ("mute", True), "speak": ("mute", False),
    "late": ("late", True), "prompt": ("late", False),
}  # fmt: skip


class Said(logging.Handler):
    """What the controller logs, with the loop's time."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.began = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().removeprefix("MySQL instance db: ")
        self.say(text)

    def say(self, text: str) -> None:
        at = asyncio.get_running_loop().time() - self.began
        self.lines.append(f"{at:4.1f} {text}")


class Scenario:
    """One run."""

    def __init__(self, head: str, events: list[tuple[float, str]]) -> None:
        self.cloud, self.events, self.said = Cloud(), events, Said()
        words = head.split()
        self.seconds = float(words[words.index("for") + 1])
        self.modes = words[: words.index("for")]
        self.written = 0
        self.silences: list[float] = []
        self.two_writers = 0.0

    async def play(self) -> str:
        await self._build()
        loop = asyncio.get_running_loop()
        self.said.began = began = loop.time()
        logging.getLogger("localcloud").addHandler(self.said)
        watch = asyncio.create_task(self.cloud.databases.watch())
        client = asyncio.create_task(self._client())
        try:
            for at, event in self.events:
                await asyncio.sleep(began + at - loop.time())
                self.said.say(f"** {event}")
                if event == "restart":
                    await _cancel(watch)
                    self.cloud.restart()
                    watch = asyncio.create_task(self.cloud.databases.watch())
                else:
                    await self._event(event.split())
            await asyncio.sleep(began + self.seconds - loop.time())
        finally:
            await _cancel(client)
            await _cancel(watch)
            logging.getLogger("localcloud").removeHandler(self.said)
        return "\n".join([*self.said.lines, *self._outcome()]) + "\n"

    async def _build(self) -> None:
        modes = {
            "usability": {"ha_mode": "usability"},
            "manual": {"switch_type": "manual"},
            "asynchronous": {"sync_mode": "Async"},
        }
        wanted = {key: value for mode in self.modes[1:] for key, value in modes[mode].items()}
        self.cloud.order(self.modes[0], **wanted)
        await self.cloud.databases.orders.build(ORDER)
        assert self.cloud.store.require(ORDERS, ORDER).status == "3", self.cloud.store.require(ORDERS, ORDER).problem

    async def _client(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            self.written += 1
            before = len(self.cloud.fake.acknowledged)
            self.cloud.fake.write(ADDRESS, f"write {self.written}")
            if len(self.cloud.fake.acknowledged) > before:
                if loop.time() - last > 2.5 * TICK:
                    self.silences.append(loop.time() - last)
                last = loop.time()
            self.two_writers += len(self.cloud.fake.takers()) > 1
            await asyncio.sleep(TICK)

    async def _event(self, words: list[str]) -> None:
        fake, cloud = self.cloud.fake, self.cloud
        match words:
            case ["power", "off", name]:
                self._power_off(name)
                await cloud.networks.change({VPC})
            case ["before", call, "power", "off", name]:
                fake.on_call[call] = lambda: self._struck(call, f"power off {name}", lambda: self._power_off(name))
            case ["before", call, "silent", name, seconds]:
                fake.on_call[call] = lambda: self._struck(call, f"silent {name}", lambda: self._silence(name, float(seconds)))
            case ["power", "on", name]:
                cloud.store.delete(FAULTS, cloud.node(name).id)
                await cloud.networks.change({VPC})
            case ["kill", name]:
                await fake.inside.kill_process(cloud.node(name).id, "mariadbd")
            case ["cut" | "join" as what, one, other]:
                change = fake.severed.add if what == "cut" else fake.severed.discard
                change(frozenset((cloud.node(one).id, cloud.node(other).id)))
            case ["isolate" | "reconnect" as what, name]:
                (fake.isolated.add if what == "isolate" else fake.isolated.discard)(cloud.node(name).id)
            case ["break", name]:
                fake.there[cloud.node(name).id].broken = "1062: a row is there already"
            case ["slow", name, seconds]:
                fake.there[cloud.node(name).id].slow = float(seconds)
            case ["behind", name, seconds]:
                fake.there[cloud.node(name).id].left = round(float(seconds) * MEGABYTE)
            case [what, name] if what in STATES:
                setattr(fake.there[cloud.node(name).id], *STATES[what])
            case _:
                await self._by_hand(words)

    def _power_off(self, name: str) -> None:
        node = self.cloud.node(name)
        self.cloud.store.put(FAULTS, power_fault(node.id))
        self.cloud.fake.lose_power(node.id)

    def _silence(self, name: str, seconds: float) -> None:
        node = self.cloud.fake.there[self.cloud.node(name).id]
        node.slow = 60.0
        asyncio.get_running_loop().call_later(seconds, setattr, node, "slow", 0.0)

    def _struck(self, call: str, what: str, strike: Callable[[], None]) -> None:
        del self.cloud.fake.on_call[call]
        self.said.say(f"** {what}")
        strike()

    async def _by_hand(self, words: list[str]) -> None:
        try:
            if words[0] == "switch":
                await self.cloud.databases.roles.switchover(MYSQL, self.cloud.node(words[2]).id)
            elif words[0] == "promote":
                await self.cloud.databases.roles.promote(MYSQL, words[1:] == ["with", "loss"])
            else:
                raise AssertionError(f"{' '.join(words)!r} is no event")
        except (EngineError, LocalError) as error:
            self.said.say(f"refused: {error}")

    def _outcome(self) -> list[str]:
        mysql, fake = self.cloud.store.require(MYSQLS, MYSQL), self.cloud.fake
        names = {node.id: node.name for node in self.cloud.store.find(MYSQL_NODES)}
        there = set(fake.there[mysql.primary].log.items())
        lost = [text for number, text in fake.acknowledged if (number, text) not in there]
        silences = ", ".join(f"{silence:.1f} s" for silence in self.silences) or "none"
        switches = [f"{found.reason} {found.state}" for found in self.cloud.store.find(SWITCHES)]
        lines = [
            f"primary {names[mysql.primary]}, {'in sync' if mysql.in_sync else 'nobody in sync'}, "
            f"changes of roles: {', '.join(switches) or 'none'}",
            f"{len(fake.acknowledged)} acknowledged, {len(lost)} lost; silences: {silences}",
        ]
        return lines + (["TWO NODES TOOK WRITES AT ONCE"] if self.two_writers else [])


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def play(script: str) -> str:
    """The answer to a script."""
    head, *lines = script.strip().splitlines()
    events = [(float(at), event) for at, _, event in (line.strip().partition(" ") for line in lines)]
    return run_virtually(Scenario(head, events).play())
