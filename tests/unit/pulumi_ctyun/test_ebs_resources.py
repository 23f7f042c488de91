"""Volumes, attachments and snapshot policies in the provider: adoption, changes in place, drift, refusals."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.fake_ebs import FakeEbs

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.kit.values import to_plain
from pulumi_ctyun.provider.marks import MARK_LABEL

VOLUME, ATTACHMENT, POLICY = "ctyun:ebs:Volume", "ctyun:ebs:VolumeAttachment", "ctyun:ebs:SnapshotPolicy"
A_VOLUME: dict[str, Any] = {"region": "华东1", "zone": "AZ2", "name": "dev-data", "sizeGib": 20}
AN_ATTACHMENT: dict[str, Any] = {"region": "华东1", "volumeId": "disk-0", "instanceId": "i-1"}
A_POLICY: dict[str, Any] = {
    "region": "华东1", "name": "dev-nightly", "hours": [2, 14], "weekdays": [6, 0], "retentionDays": 7, "volumeIds": ["disk-0"],
}  # fmt: skip


@pytest.fixture
def fake() -> FakeEbs:
    return FakeEbs()


def test_a_volume_is_marked_and_read_back_without_drift(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VOLUME, A_VOLUME))
    assert to_plain(state)["volumeId"] == id
    made = fake.volumes[id]
    assert (made["azName"], made["diskType"], made["diskSize"]) == ("zone-2", "SATA", 20)
    assert [label["key"] for label in made["labels"]] == [MARK_LABEL]
    seen = run(engine.read(VOLUME, id, state, A_VOLUME))
    assert not run(engine.diff(VOLUME, id, seen.properties, A_VOLUME)).changes


def test_a_volume_is_renamed_and_grows_in_place_and_does_not_shrink(engine: Any, fake: Any, run: Any) -> None:
    id, state = run(engine.create(VOLUME, A_VOLUME))
    changed = A_VOLUME | {"name": "dev-files", "sizeGib": 40}
    assert not run(engine.diff(VOLUME, id, state, changed)).replaces
    state = run(engine.update(VOLUME, id, state, changed))
    assert (fake.volumes[id]["diskName"], fake.volumes[id]["diskSize"]) == ("dev-files", 40)
    with pytest.raises(PluginError, match="has 40 GiB and cannot shrink to 20"):
        run(engine.update(VOLUME, id, state, A_VOLUME | {"name": "dev-files"}))
    for change in ({"zone": "AZ1"}, {"type": "SSD"}):
        assert run(engine.diff(VOLUME, id, state, changed | change)).replaces == list(change)


def test_an_interrupted_create_leaves_no_twin(make_engine: Any, fake: Any, run: Any) -> None:
    fake.cut_off = "new"
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(VOLUME, A_VOLUME))
    id, _ = run(make_engine().create(VOLUME, A_VOLUME))
    assert list(fake.volumes) == [id]


def test_an_attachment_shows_its_device_and_ends_with_its_server(engine: Any, fake: Any, run: Any) -> None:
    run(engine.create(VOLUME, A_VOLUME))
    id, state = run(engine.create(ATTACHMENT, AN_ATTACHMENT))
    assert (id, to_plain(state)["device"]) == ("disk-0", "/dev/vdb")
    seen = run(engine.read(ATTACHMENT, id, state, AN_ATTACHMENT))
    assert not run(engine.diff(ATTACHMENT, id, seen.properties, AN_ATTACHMENT)).changes
    fake.volumes[id].update(diskStatus="available", attachments=[])  # as when the server was released
    assert not run(engine.read(ATTACHMENT, id, state, AN_ATTACHMENT)).resource_id
    run(engine.delete(ATTACHMENT, id, state))
    assert "detach" not in fake.calls


def test_an_attachment_leaves_other_servers_their_volumes(engine: Any, fake: Any, run: Any) -> None:
    run(engine.create(VOLUME, A_VOLUME))
    id, state = run(engine.create(ATTACHMENT, AN_ATTACHMENT))
    with pytest.raises(PluginError, match="is attached to server i-1"):
        run(engine.create(ATTACHMENT, AN_ATTACHMENT | {"instanceId": "i-2"}))
    fake.volumes[id]["attachments"] = [{"instanceID": "i-2", "device": "/dev/vdb"}]
    run(engine.delete(ATTACHMENT, id, state))
    assert fake.volumes[id]["attachments"] == [{"instanceID": "i-2", "device": "/dev/vdb"}]


def test_a_volume_that_is_mounted_stays_and_the_error_says_where(engine: Any, fake: Any, run: Any) -> None:
    run(engine.create(VOLUME, A_VOLUME))
    id, state = run(engine.create(ATTACHMENT, AN_ATTACHMENT))
    fake.job_problem = "the server still uses /dev/vdb: it is mounted at /data"
    with pytest.raises(PluginError, match=r"detachment of volume disk-0 from server i-1 failed: .* mounted at /data"):
        run(engine.delete(ATTACHMENT, id, state))
    fake.job_problem = ""
    run(engine.delete(ATTACHMENT, id, state))
    assert fake.volumes[id]["attachments"] == []


def test_a_policy_is_bound_read_back_and_changed_in_place(engine: Any, fake: Any, run: Any) -> None:
    for name in ("one", "two"):
        fake.do_new({"clientToken": name, "diskName": name, "azName": "zone-1"})
    id, state = run(engine.create(POLICY, A_POLICY))
    shown = fake.policies[id]
    assert (shown["repeatWeekdays"], shown["repeatTimes"], shown["retentionTime"]) == ("0,6", "2,14", 7)
    seen = run(engine.read(POLICY, id, state, A_POLICY))
    assert not run(engine.diff(POLICY, id, seen.properties, A_POLICY)).changes
    changed = A_POLICY | {"hours": [3], "retentionDays": -1, "enabled": False, "volumeIds": ["disk-1"]}
    assert not run(engine.diff(POLICY, id, state, changed)).replaces
    run(engine.update(POLICY, id, state, changed))
    assert (shown["repeatTimes"], shown["retentionTime"], shown["snapshotPolicyStatus"]) == ("3", -1, "deactivated")
    assert [fake.volumes[disk].get("snapshotPolicyID") for disk in ("disk-0", "disk-1")] == [None, id]
    run(engine.delete(POLICY, id, state))
    assert fake.policies == {}


@pytest.mark.parametrize("call", ["create_policy", "apply_policy"])
def test_a_policy_whose_create_was_cut_off_is_taken_over(make_engine: Any, fake: Any, run: Any, call: str) -> None:
    fake.do_new({"clientToken": "one", "diskName": "one", "azName": "zone-1"})
    fake.cut_off = call
    with pytest.raises(asyncio.CancelledError):
        run(make_engine().create(POLICY, A_POLICY))
    id, _ = run(make_engine().create(POLICY, A_POLICY))
    assert list(fake.policies) == [id]
    assert fake.volumes["disk-0"]["snapshotPolicyID"] == id


def test_a_policy_of_that_name_that_we_did_not_make_is_left_alone(engine: Any, fake: Any, run: Any) -> None:
    fake.do_create_policy({
        "snapshotPolicyName": "dev-nightly", "repeatWeekdays": "1", "repeatTimes": "1", "retentionTime": 1, "isEnabled": True,
    })  # fmt: skip
    with pytest.raises(PluginError, match="exists already, and no unfinished update of this stack has made it"):
        run(engine.create(POLICY, A_POLICY))


@pytest.mark.parametrize(
    ("type_", "inputs", "said"),
    [
        (VOLUME, A_VOLUME | {"sizeGib": 5, "zone": "1", "name": "-"}, ["name", "sizeGib", "zone"]),
        (POLICY, A_POLICY | {"hours": [24], "weekdays": [7], "retentionDays": 0}, ["hours", "retentionDays", "weekdays"]),
    ],
)
def test_all_problems_are_found_before_anything_is_made(
    engine: Any, run: Any, type_: str, inputs: dict[str, Any], said: list[str]
) -> None:
    assert sorted(property for property, _ in run(engine.failures(type_, inputs))) == said
