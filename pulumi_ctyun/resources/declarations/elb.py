"""Load balancers and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ctyun.resources.declarations import elb_rules, rules, senses
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, Resource, Shape, region_field

SLAS = ("elb.default", "elb.s1.small", *(f"elb.s{number}.{size}" for number in (2, 3, 4, 5) for size in ("small", "large")))
CODES = ("http_2xx", "http_3xx", "http_4xx", "http_5xx")
STICKINESS_MODES = ("INSERT", "REWRITE", "SOURCE_IP")
_SMALL = "elb.s2.small"


def _name(replaces: bool = False) -> Field:
    return Field("name", Kind.TEXT, "Name in the cloud.", required=True, replaces=replaces, rules=(rules.network_name,))


def _port(note: str, required: bool = True, replaces: bool = True) -> Field:
    return Field("port", Kind.WHOLE, note, required=required, replaces=replaces, rules=(rules.within(1, 65535),))


def _external_has_address(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    external, given = inputs.get("type") == "external", inputs.get("eipId") is not None
    if external and not given:
        yield "eipId", "is needed for type external; without a public address it is internal"
    if given and inputs.get("type", "internal") == "internal":
        yield "eipId", "is for type external; an internal load balancer has no public address"


LOAD_BALANCER = Resource(
    "ctyun:elb:LoadBalancer",
    "A load balancer over two zones, paid by use. It counts as made when it works.",
    inputs=(
        region_field(),
        _name(),
        Field("vpcId", Kind.TEXT, "Its VPC.", required=True, replaces=True),
        Field("subnetId", Kind.TEXT, "Its subnet.", required=True, replaces=True),
        Field(
            "type", Kind.TEXT, "internal, or external with a public address.", default="internal", replaces=True,
            rules=(rules.one_of("internal", "external"),),
        ),
        Field("eipId", Kind.TEXT, "Public address of an external one.", holds=True),
        Field(
            "sla", Kind.TEXT, "Size: elb.s2.small and up are 保障型, elb.s1.small and elb.default 经典型.", default=_SMALL,
            replaces=True, rules=(rules.one_of(*SLAS),),
        ),
    ),
    outputs=(Field("loadBalancerId", Kind.TEXT, "Id, like lb-...."), Field("address", Kind.TEXT, "Address inside the VPC.")),
    rules=(_external_has_address,),
)  # fmt: skip


def _times_fit(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    interval, timeout = inputs.get("interval", 5), inputs.get("timeout", 2)
    if isinstance(interval, int) and isinstance(timeout, int) and interval < timeout:
        yield "interval", f"is {interval} s, shorter than timeout, which is {timeout} s"


def _http_alone(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if inputs.get("protocol") == "TCP":
        for name in ("method", "path", "codes"):
            if inputs.get(name) is not None:
                yield name, "is for protocol HTTP; a TCP check only connects"


HEALTH_CHECK = Resource(
    "ctyun:elb:HealthCheck",
    "How a balancer asks its targets. A silent one is out after interval x maxRetry + timeout at the latest.",
    inputs=(
        region_field(),
        _name(),
        Field(
            "protocol", Kind.TEXT, "TCP or HTTP.", required=True, replaces=True, rules=(rules.one_of("TCP", "HTTP"),)
        ),
        Field("interval", Kind.WHOLE, "Seconds from one to the next.", default=5, rules=(rules.within(1, 20940, " s"),)),
        Field("timeout", Kind.WHOLE, "Seconds to wait for an answer.", default=2, rules=(rules.within(2, 60, " s"),)),
        Field("maxRetry", Kind.WHOLE, "So many in a row decide.", default=2, rules=(rules.within(1, 10),)),
        Field("method", Kind.TEXT, "HTTP: GET when absent.", absent="GET", rules=(rules.one_of("GET", "HEAD", "OPTIONS"),)),
        Field("path", Kind.TEXT, "HTTP: / when absent.", absent="/", rules=(elb_rules.check_path,)),
        Field(
            "codes", ListOf(Kind.TEXT), "HTTP: answers that are good; http_2xx when absent.", unordered=True,
            absent=["http_2xx"],
            rules=(rules.at_least_one, rules.at_most(len(CODES)), rules.each_of(rules.one_of(*CODES))),
        ),
        _port("Another port than the target's.", required=False, replaces=False),
    ),
    outputs=(Field("healthCheckId", Kind.TEXT, "Id, like hc-...."),),
    rules=(_times_fit, _http_alone),
    create_first=True,
)  # fmt: skip


def _stickiness_is_whole(stickiness: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    mode = stickiness.get("mode")
    wanted = {"INSERT": "seconds", "SOURCE_IP": "seconds", "REWRITE": "cookie"}.get(mode) if isinstance(mode, str) else None
    for name in ("seconds", "cookie") if wanted else ():
        if (name == wanted) != (stickiness.get(name) is not None):
            yield name, f"is {'needed' if name == wanted else 'not'} for mode {mode}"


STICKINESS = Shape(
    "ctyun:elb:Stickiness",
    "Who came once comes to the same target again: by a cookie of the balancer's, by one of the target's own, or by address.",
    fields=(
        Field("mode", Kind.TEXT, "INSERT, REWRITE or SOURCE_IP.", required=True, rules=(rules.one_of(*STICKINESS_MODES),)),
        Field("seconds", Kind.WHOLE, "INSERT, SOURCE_IP: forgotten after so long.", rules=(rules.within(1, 86400, " s"),)),
        Field("cookie", Kind.TEXT, "REWRITE: name of the target's cookie.", rules=(elb_rules.cookie_name,)),
    ),
    rules=(_stickiness_is_whole,),
)


def _turns_alone_stick(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if inputs.get("algorithm") in ("lc", "sh") and inputs.get("stickiness") is not None:
        yield "stickiness", f"is for algorithm wrr; CTyun takes none with {inputs['algorithm']}"


TARGET_GROUP = Resource(
    "ctyun:elb:TargetGroup",
    "Targets that share an algorithm and a health check.",
    inputs=(
        region_field(),
        _name(),
        Field("vpcId", Kind.TEXT, "The VPC of its targets.", required=True, replaces=True),
        Field(
            "algorithm", Kind.TEXT, "wrr: in turn, by weight; lc: the one with fewest connections; sh: by the caller's address.",
            default="wrr", rules=(rules.one_of("wrr", "lc", "sh"),),
        ),
        Field("healthCheckId", Kind.TEXT, "Its health check; without, all targets count as healthy."),
        Field("stickiness", STICKINESS, "Sessions; none when absent."),
    ),
    outputs=(Field("targetGroupId", Kind.TEXT, "Id, like tg-...."),),
    rules=(_turns_alone_stick,),
)  # fmt: skip

TARGET = Resource(
    "ctyun:elb:Target",
    "A port of a server, in a target group.",
    inputs=(
        region_field(),
        Field("targetGroupId", Kind.TEXT, "The group.", required=True, replaces=True),
        Field("instanceId", Kind.TEXT, "The server.", required=True, replaces=True),
        _port("The server's port."),
        Field("weight", Kind.WHOLE, "Its share among the others.", default=100, rules=(rules.within(1, 256),)),
    ),
    outputs=(Field("targetId", Kind.TEXT, "Id, like target-...."),),
)

CERTIFICATE = Resource(
    "ctyun:elb:Certificate",
    "A server's certificate with its key, for HTTPS listeners.",
    inputs=(
        region_field(),
        _name(),
        Field(
            "certificate", Kind.TEXT, "PEM, the server's own first.", required=True, replaces=True, sense=senses.words,
            rules=(elb_rules.certificate,),
        ),
        Field(
            "privateKey", Kind.TEXT, "PEM, without a passphrase.", required=True, secret=True, replaces=True, unseen=True,
            sense=senses.words,
            rules=(elb_rules.certificate_key,),
        ),
    ),
    outputs=(Field("certificateId", Kind.TEXT, "Id."),),
    create_first=True,
)  # fmt: skip


def _certificate_fits(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    protocol, given = inputs.get("protocol"), inputs.get("certificateId") is not None
    if protocol == "HTTPS" and not given:
        yield "certificateId", "is needed for protocol HTTPS"
    if protocol in ("TCP", "HTTP") and given:
        yield "certificateId", f"is for protocol HTTPS, not for {protocol}"
    if protocol == "TCP" and inputs.get("forwardedFor") is True:
        yield "forwardedFor", "is for protocols HTTP and HTTPS; TCP has no header"


LISTENER = Resource(
    "ctyun:elb:Listener",
    "A port of a load balancer, and the target group that its connections go to.",
    inputs=(
        region_field(),
        Field("loadBalancerId", Kind.TEXT, "The load balancer.", required=True, replaces=True),
        _name(),
        Field(
            "protocol", Kind.TEXT, "TCP, HTTP or HTTPS.", required=True, replaces=True,
            rules=(rules.one_of("TCP", "HTTP", "HTTPS"),),
        ),
        _port("The load balancer's port."),
        Field("targetGroupId", Kind.TEXT, "Where connections go.", required=True, holds=True),
        Field("certificateId", Kind.TEXT, "HTTPS: what it shows."),
        Field("forwardedFor", Kind.FLAG, "HTTP, HTTPS: targets read the caller's address in X-Forwarded-For.", default=False),
    ),
    outputs=(Field("listenerId", Kind.TEXT, "Id, like listener-...."),),
    rules=(_certificate_fits,),
)  # fmt: skip
