"""Where a stage's site is, and whether it may be sent to: requests go to that site alone."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from drlab.errors import UserError
from drlab.lab import Lab
from drlab.settings import read_settings, target_of
from drlab.stack_state import read_stack

OUTPUT = "siteUrl"


@dataclass(frozen=True)
class Site:
    """A stage's site as visitors reach it."""

    stage: str
    url: str
    local: bool


def site_of(lab: Lab, stage: str) -> Site:
    """From the stack's outputs. Raises UserError when the stage has no site, or one that is not where it should be."""
    stack = read_stack(lab.folders.stack_file(stage), stage)
    url = str((stack.outputs or {}).get(OUTPUT) or "")
    if not url:
        raise UserError(f"{stage} has no site: the stage is not up, or {OUTPUT} is not among its outputs.", f"./lab up {stage}")
    target = stack.target or target_of(read_settings(lab.folders.settings_file(stage)), {}).name
    local = target == "local"
    if local:
        record = lab.cloud.record()
        check_local(url, record.internet_cidr if record else None)
    return Site(stage, url, local)


def moved(lab: Lab, site: Site) -> str | None:
    """What has become of a stage's site that is no longer where it was; None when it is there."""
    stack = read_stack(lab.folders.stack_file(site.stage), site.stage)
    now = str((stack.outputs or {}).get(OUTPUT) or "")
    if now == site.url:
        return None
    where = f"its site is at {now} now" if now else "it is not up any more"
    return f"{site.stage} was changed meanwhile: {where}; all requests went to {site.url}"


def check_local(url: str, internet: str | None) -> None:
    """Raises UserError unless the address is one of the local cloud's own."""
    host = urlsplit(url).hostname or ""
    try:
        inside = internet is not None and ip_address(host) in ip_network(internet)
    except ValueError:  # a name
        inside = False
    if not inside:
        raise UserError(
            f"The site {url} is not in the local cloud's range of addresses ({internet or 'unknown'}): nothing is sent there.",
            "./lab status",
        )
