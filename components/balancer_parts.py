"""What a balancer is made of: the ports that it listens to, and the servers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.declarations import elb_rules, rules

from .checks import Problem, one

PROTOCOLS = ("TCP", "HTTP", "HTTPS")
USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True)
class TargetArgs:
    """A port of any server. Names tell a balancer's targets apart; another one is another target."""

    name: str
    instance_id: Input[str]
    port: Input[int] = 80
    weight: Input[int] | None = None  # 1 to 256: its share among the others; the cloud's default is 100
    ready: Sequence[pulumi.Resource] = ()  # what must be there before it gets visitors

    def problems(self, key: str) -> Iterator[Problem]:
        yield from one(f"{key}.port", self.port, rules.within(1, 65535))
        yield from one(f"{key}.weight", self.weight, rules.within(1, 256))


@dataclass(frozen=True)
class ListenerArgs:
    """A port of the balancer. With HTTPS it decrypts, and servers get HTTP.

    Its certificate is one that is in the cloud already (`certificate_id`), or is put there (`certificate`, `private_key`).
    """

    name: str
    protocol: Input[str] = "TCP"
    port: Input[int] = 80
    certificate: Input[str] | None = None  # PEM, the server's own first
    private_key: Input[str] | None = field(default=None, repr=False)  # PEM, without a passphrase; kept as a secret
    certificate_id: Input[str] | None = None
    forwarded_for: Input[bool] | None = None  # HTTP, HTTPS: servers read the visitor's address in X-Forwarded-For

    def problems(self, key: str) -> Iterator[Problem]:
        yield from one(f"{key}.protocol", self.protocol, rules.one_of(*PROTOCOLS))
        yield from one(f"{key}.port", self.port, rules.within(1, 65535))
        yield from one(f"{key}.certificate", self.certificate, elb_rules.certificate)
        yield from one(f"{key}.private_key", self.private_key, elb_rules.certificate_key)
        if (self.certificate is None) != (self.private_key is None):
            yield Problem(f"{key}.private_key", "and certificate go together; one of them is missing")
        given = [name for name in ("certificate", "certificate_id") if getattr(self, name) is not None]
        if len(given) > 1:
            yield Problem(f"{key}.certificate_id", "is given beside certificate; say one of them")
        if self.protocol == "HTTPS" and not given:
            yield Problem(f"{key}.certificate", "is needed for HTTPS")
        if self.protocol in ("TCP", "HTTP") and given:
            yield Problem(f"{key}.{given[0]}", f"is for HTTPS, not for {self.protocol}")
        if self.protocol == "TCP" and self.forwarded_for is True:
            yield Problem(f"{key}.forwarded_for", "is for HTTP and HTTPS; TCP has no header")


def site_url(address: Output[str], listeners: Sequence[ListenerArgs]) -> Output[str]:
    """Of the first HTTPS listener if there is one, else of the first."""
    listener = next((one for one in listeners if one.protocol == "HTTPS"), listeners[0])
    return Output.all(address, listener.protocol, listener.port).apply(lambda known: _url(*known))


def _url(address: str, protocol: str, port: float) -> str:
    scheme = "https" if protocol == "HTTPS" else "http"
    return f"{scheme}://{address}" if int(port) == USUAL[scheme] else f"{scheme}://{address}:{int(port)}"
