"""Pure functions from a balancer's wanted state to HAProxy's configuration and to commands for its runtime API."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from localcloud.engines.interface.engines import BalancerSpec, HealthCheck, Listener, Pool, Stickiness, Target

FOLDER = "/run/drlab"  # as the container sees it
SHARED = "/run/drlab-peers"  # both of a balancer's nodes have it: they tell each other who belongs to which target
_IDLE_SECONDS = 300  # a connection without a byte for so long is closed
_CONNECT_SECONDS = 2
_MAINTENANCE = 1  # bit of srv_admin_state: put into maintenance, or added and not enabled yet
_ADDRESSES = "100k"  # so many callers are remembered by address
_ALGORITHMS = {"wrr": "roundrobin", "lc": "leastconn", "sh": "source"}
# Who is asked, as clients name it: address and port, the port of the protocol itself left out.
_HOST = "%[bc_dst]%[bc_dst_port,regsub(^,:),regsub(^:80$,)]"
_HEAD = f"""\
global
    node {{digest}}
    localpeer {{name}}
    nbthread 1
    maxconn 4096
    stats socket {FOLDER}/admin.sock mode 600 level admin expose-fd listeners
    server-state-file {FOLDER}/servers.state
defaults
    load-server-state-from-file global
    option redispatch 1
    retries 2
    timeout client {_IDLE_SECONDS}s
    timeout server {_IDLE_SECONDS}s
    timeout http-keep-alive 60s
    timeout http-request 60s
# HAProxy does not run without any port.
frontend idle
    mode tcp
    bind {FOLDER}/idle.sock mode 600
"""


def backend_name(pool: Pool) -> str:
    """A group behind both kinds of listeners is two backends."""
    return f"{pool.pool_id}.{pool.mode}"


def structure(spec: BalancerSpec) -> str:
    """Changes with everything that needs a reload: all but targets and weights. A certificate never changes under its id.

    Also with how it is written here, so that a balancer that runs learns of it when the local cloud is a newer one.
    """
    pools = tuple(replace(pool, targets=()) for pool in spec.pools)
    written = _HEAD + _sections(replace(spec, pools=pools))
    return "c" + hashlib.sha256((repr((spec.listeners, pools)) + written).encode()).hexdigest()[:16]


def configuration(spec: BalancerSpec, node_id: str) -> str:
    """The whole configuration file of one node; they differ in its name alone."""
    return _HEAD.format(digest=structure(spec), name=node_id) + _sections(spec)


def _sections(spec: BalancerSpec) -> str:
    parts = []
    if any(pool.sticky and pool.sticky.mode == "source" for pool in spec.pools):
        parts.append(_section("peers nodes", [f"peer {peer} unix@{SHARED}/{peer}.sock" for peer in spec.peers]))
    pools = {pool.pool_id + pool.mode: pool for pool in spec.pools}
    for listener in spec.listeners:
        lines = [f"mode {listener.mode}", _bind(listener)]
        lines += ["option forwardfor"] if listener.forwarded_for else []
        # Else a reload closes what is kept alive without a word, and a request that is on its way gets no answer.
        lines += ["option idle-close-on-response"] if listener.mode == "http" else []
        lines += [f"default_backend {backend_name(pools[listener.pool_id + listener.mode])}"]
        parts.append(_section(f"frontend {listener.listener_id}", lines))
    parts += [_section(f"backend {backend_name(pool)}", _backend(pool)) for pool in spec.pools]
    return "".join(parts)


def _bind(listener: Listener) -> str:
    tls = f" ssl crt {FOLDER}/{certificate_file(listener.certificate_id)} ssl-min-ver TLSv1.2" if listener.certificate_id else ""
    return f"bind :{listener.port}{tls}"


def certificate_file(certificate_id: str) -> str:
    """Its name in the node's folder."""
    return f"{certificate_id}.pem"


def _section(title: str, lines: list[str]) -> str:
    return title + "\n" + "".join(f"    {line}\n" for line in lines)


def _backend(pool: Pool) -> list[str]:
    check = pool.check
    lines = [f"mode {pool.mode}", f"balance {_ALGORITHMS[pool.algorithm]}", "hash-type consistent"]
    lines += _sticky(pool.sticky, pool.pool_id) if pool.sticky else []
    lines.append(f"timeout connect {check.timeout if check else _CONNECT_SECONDS}s")
    if check:
        lines.append(f"timeout check {check.timeout}s")
    if check and check.protocol == "HTTP":
        lines += ["option httpchk", f"http-check send meth {check.method} uri {check.path} ver HTTP/1.1 hdr Host '{_HOST}'"]
        lines.append(f"http-check expect rstatus ^[{check.codes}]")
    return lines + [f"server {target.target_id} {server(target, check)}" for target in pool.targets]


def _sticky(sticky: Stickiness, pool_id: str) -> list[str]:
    """A target's name in a cookie is a hash of its address: both nodes, and targets that came later, agree on it."""
    if sticky.mode == "source":
        return [f"stick-table type ip size {_ADDRESSES} expire {sticky.seconds}s peers nodes", "stick on src"]
    if sticky.mode == "insert":
        cookie = f"cookie ctelb insert indirect nocache httponly dynamic maxidle {sticky.seconds}"
    else:
        cookie = f"cookie {sticky.cookie} rewrite dynamic"
    return [f"dynamic-cookie-key {pool_id}", cookie]


def server(target: Target, check: HealthCheck | None) -> str:
    """What follows a server's name, in the file and in `add server`."""
    words = f"{target.address}:{target.port} weight {target.weight} on-marked-down shutdown-sessions"
    if check is None:
        return words
    port = f" port {check.port}" if check.port else ""
    # A check that ran into its time-out is followed by the next one `interval` after its own start, not after its end.
    hurry = max((check.interval - check.timeout) * 1000, 10)
    return (
        f"{words} check{port} inter {check.interval}s fastinter {hurry}ms downinter {hurry}ms"
        f" fall {check.retries} rise {check.retries}"
    )


def changes(spec: BalancerSpec, state: str) -> Iterator[str]:
    """Commands that bring running backends to the wanted targets. `state`: what `show servers state` said.

    Those that are `leaving` get nobody new; they are removed when their connections have ended, or had the time to.
    """
    present = _present(state)
    for pool in spec.pools:
        name = backend_name(pool)
        there, wanted = present.get(name, {}), {target.target_id: target for target in pool.targets}
        for target_id, target in wanted.items():
            at = f"{name}/{target_id}"
            if target_id not in there:
                yield f"add server {at} {server(target, pool.check)}"
            if target_id not in there or not there[target_id].enabled:  # whoever had added it may have been killed before this
                named = pool.sticky is not None and pool.sticky.mode != "source"  # HAProxy forgets to name who came later
                yield (
                    f"enable server {at}"
                    # Nobody is sent to it before it has passed its checks; HAProxy itself would take it for good until it fails.
                    + (f"; enable health {at}; set server {at} health down" if pool.check else "")
                    + (f"; enable dynamic-cookie backend {name}" if named else "")
                )
            if target_id in there and there[target_id].weight != target.weight:
                yield f"set weight {at} {target.weight}"
            if target_id in there and (there[target_id].address, there[target_id].port) != (target.address, target.port):
                # What was known of its health was the other port's.
                unknown = f"; set server {at} health down" if pool.check else ""
                yield f"set server {at} addr {target.address} port {target.port}{unknown}"
    for at in leaving(spec, state):
        backend, _, target_id = at.partition("/")
        if present[backend][target_id].enabled:
            yield f"set server {at} state drain"


def leaving(spec: BalancerSpec, state: str) -> list[str]:
    """The servers that are not wanted any more, as BACKEND/SERVER."""
    present = _present(state)
    pools = {backend_name(pool): {target.target_id for target in pool.targets} for pool in spec.pools}
    return [f"{name}/{gone}" for name, wanted in pools.items() for gone in sorted(present.get(name, {}).keys() - wanted)]


def busy(statistics: str, servers: Collection[str]) -> list[str]:
    """Those of some servers, given as BACKEND/SERVER, that have connections, from `show stat`."""
    rows = csv.DictReader(io.StringIO(statistics.lstrip("# ")))
    return [at for row in rows if (at := f"{row['pxname']}/{row['svname']}") in servers and int(row["scur"] or 0)]


def for_next_worker(state: str) -> str:
    """What `show servers state` said, without the ports of checks: a new worker would take them from here, not from its
    configuration."""
    rows = [line.split(" ") for line in state.splitlines()]
    for row in rows[2:]:
        if len(row) > 1:
            row[rows[1].index("srv_check_port") - 1] = "0"  # the header's first word is "#"
    return "".join(f"{' '.join(row)}\n" for row in rows)


class _Present(NamedTuple):
    weight: int
    enabled: bool
    address: str
    port: int


def _present(state: str) -> dict[str, dict[str, _Present]]:
    """What there is, by server by backend."""
    rows = [line.split(" ") for line in state.splitlines() if line and line != "1"]
    header = rows[0][1:] if rows else []  # "# be_id be_name ..."
    found: dict[str, dict[str, _Present]] = {}
    for row in rows[1:]:
        item = dict(zip(header, row, strict=False))
        enabled = not int(item["srv_admin_state"]) & _MAINTENANCE
        found.setdefault(item["be_name"], {})[item["srv_name"]] = _Present(
            int(item["srv_uweight"]), enabled, item["srv_addr"], int(item["srv_port"])
        )
    return found


def health(statistics: str) -> Mapping[str, str]:
    """By target id, from `show stat`: "online", "offline", or "unknown" before the first check or without any."""
    found: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(statistics.lstrip("# "))):
        if row["svname"] in ("FRONTEND", "BACKEND"):
            continue
        checked = row["check_status"] not in ("", "INI", "* INI", "UNK", "SOCKERR")
        word = ("online" if row["status"].startswith("UP") else "offline") if checked else "unknown"
        if found.get(row["svname"]) != "offline":  # in two backends: both must reach it
            found[row["svname"]] = word
    return found
