"""Health checks, target groups and targets in the cloud. Their marks stand in the description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctyun import errors
from ctyun.services.health_checks import HealthCheck
from ctyun.services.target_groups import Stickiness, Target, TargetGroup
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud_handler import CloudHandler
from pulumi_ctyun.provider.exclusive import Taken, once_free
from pulumi_ctyun.provider.handler import Desired, Observed, Plain, Recorded
from pulumi_ctyun.provider.marks import described, has_mark, name_for, name_seen
from pulumi_ctyun.resources.declarations.elb import HEALTH_CHECK, TARGET, TARGET_GROUP

# What the cloud shows of an HTTP check where nothing was chosen, by the property's name.
_HTTP_DEFAULTS: dict[str, Any] = {"method": "GET", "path": "/", "codes": ["http_2xx"]}


class HealthCheckHandler(CloudHandler):
    """`pulumi import ctyun:elb:HealthCheck NAME [REGION/]hc-...`."""

    resource = HEALTH_CHECK

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        found = await self.client.health_checks.list(region)
        return [_seen_check(check, desired.inputs) for check in found if has_mark(check.description, desired.mark)]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        inputs = desired.inputs
        return await self.client.health_checks.create(
            region,
            name=name_for(desired, token),
            protocol=inputs["protocol"],
            interval=inputs["interval"],
            timeout=inputs["timeout"],
            max_retry=inputs["maxRetry"],
            http_method=inputs.get("method"),
            http_path=inputs.get("path"),
            http_codes=inputs.get("codes"),
            port=inputs.get("port"),
            description=described(None, desired.mark),
            client_token=token,
        )

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_check(await self.client.health_checks.get(region, id), state)

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        inputs = desired.inputs
        changes: dict[str, Any] = {
            "interval": inputs["interval"],
            "timeout": inputs["timeout"],
            "max_retry": inputs["maxRetry"],
        }
        if recorded.state.get("name") != inputs["name"]:
            changes["name"] = inputs["name"]
        if inputs["protocol"] == "HTTP":
            changes |= {f"http_{name}": inputs.get(name) or default for name, default in _HTTP_DEFAULTS.items()}
        if inputs.get("port") or recorded.state.get("port"):
            changes["port"] = inputs.get("port") or 0
        await self.client.health_checks.update(region, recorded.id, **changes)

    async def remove(self, region: str, id: str) -> None:
        await self.client.health_checks.delete(region, id)


def _seen_check(check: HealthCheck, state: Plain) -> Observed:
    shown: dict[str, Any] = {"method": check.http_method, "path": check.http_path, "codes": list(check.http_codes)}
    if check.protocol != "HTTP":
        shown = dict.fromkeys(shown)
    inputs = {
        "name": name_seen(check.name, state),
        "protocol": check.protocol,
        "interval": check.interval,
        "timeout": check.timeout,
        "maxRetry": check.max_retry,
        "port": check.port or None,
        **shown,
    }
    return Observed(check.id, inputs, {"healthCheckId": check.id})


class TargetGroupHandler(CloudHandler):
    """`pulumi import ctyun:elb:TargetGroup NAME [REGION/]tg-...`."""

    resource = TARGET_GROUP

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        found = await self.client.target_groups.list(region)
        return [_seen_group(group) for group in found if has_mark(group.description, desired.mark)]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        inputs = desired.inputs
        return await self.client.target_groups.create(
            region,
            name=inputs["name"],
            vpc_id=inputs["vpcId"],
            algorithm=inputs["algorithm"],
            health_check_id=inputs.get("healthCheckId"),
            stickiness=_stickiness(inputs) if inputs.get("stickiness") else None,
            description=described(None, desired.mark),
            client_token=token,
        )

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_group(await self.client.target_groups.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        inputs = desired.inputs
        if recorded.state.get("healthCheckId") and not inputs.get("healthCheckId"):
            raise PluginError(
                f"Target group {inputs['name']} ({recorded.id}) cannot be left without a health check: CTyun only exchanges it. "
                "Give it another one, or replace the group: pulumi up --replace its URN."
            )
        await self.client.target_groups.update(
            region,
            recorded.id,
            name=inputs["name"],
            algorithm=inputs["algorithm"],
            health_check_id=inputs.get("healthCheckId"),
            stickiness=_stickiness(inputs) if inputs.get("stickiness") or recorded.state.get("stickiness") else None,
        )

    async def remove(self, region: str, id: str) -> None:
        await self.client.target_groups.delete(region, id)


def _stickiness(inputs: Plain) -> Stickiness:
    given = inputs.get("stickiness")
    return Stickiness(given["mode"], given.get("seconds") or 0, given.get("cookie") or "") if given else Stickiness()


def _seen_group(group: TargetGroup) -> Observed:
    kept = group.stickiness
    inputs = {
        "name": group.name,
        "vpcId": group.vpc_id,
        "algorithm": group.algorithm,
        "healthCheckId": group.health_check_id,
        "stickiness": {"mode": kept.mode, "seconds": kept.seconds or None, "cookie": kept.cookie or None}
        if kept.mode != "CLOSE"
        else None,
    }
    return Observed(group.id, inputs, {"targetGroupId": group.id})


class TargetHandler(CloudHandler):
    """`pulumi import ctyun:elb:Target NAME [REGION/]target-...`."""

    resource = TARGET

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        try:
            return await once_free(lambda: self._marked(region, desired))
        except errors.NotFound:  # the group is missing; the create says so
            return []

    async def _marked(self, region: str, desired: Desired) -> Sequence[Observed]:
        """Raises Taken where another target is the same port of the same server."""
        inputs, found = desired.inputs, await self.client.target_groups.targets(region, desired.inputs["targetGroupId"])
        marked = [target for target in found if has_mark(target.description, desired.mark)]
        for other in found:
            if other not in marked and (other.instance_id, other.port) == (inputs["instanceId"], inputs["port"]):
                what = f"Port {other.port} of server {other.instance_id}"
                raise Taken(f"{what} is in target group {other.group_id} already ({other.id}), and is in a group once.")
        return [_seen_target(target) for target in marked]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        return await self.client.target_groups.add_target(
            region,
            desired.inputs["targetGroupId"],
            instance_id=desired.inputs["instanceId"],
            port=desired.inputs["port"],
            weight=desired.inputs["weight"],
            description=described(None, desired.mark),
            client_token=token,
        )

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_target(await self.client.target_groups.get_target(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        await self.client.target_groups.set_weight(region, recorded.id, desired.inputs["weight"])

    async def remove(self, region: str, id: str) -> None:
        await self.client.target_groups.remove_target(region, id)


def _seen_target(target: Target) -> Observed:
    inputs = {
        "targetGroupId": target.group_id,
        "instanceId": target.instance_id,
        "port": target.port,
        "weight": target.weight,
    }
    return Observed(target.id, inputs, {"targetId": target.id})
