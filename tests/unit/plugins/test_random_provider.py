"""The stand-in for pulumi-random, through its provider object: what the unchanged SDK counts on."""

from __future__ import annotations

import asyncio
import random
import re
import string
import uuid
from typing import Any

import bcrypt
import pytest
from pulumi.provider.experimental import provider as sdk

from plugins.random_provider.generate import SPECIAL
from plugins.random_provider.kinds import KINDS
from plugins.random_provider.provider import RandomProvider
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.kit.values import UNKNOWN, to_plain, to_properties

TOKENS = {token.rpartition(":")[2]: token for token in KINDS}


def urn(kind: str) -> str:
    token = TOKENS.get(kind, f"random:index/x:{kind}")
    return f"urn:pulumi:stack::project::{token}::it"


def created(kind: str, preview: bool = False, **inputs: Any) -> sdk.CreateResponse:
    request = sdk.CreateRequest(urn(kind), to_properties(inputs), timeout=0, preview=preview)
    return asyncio.run(RandomProvider().create(request))


def made(kind: str, **inputs: Any) -> dict[str, Any]:
    return dict(to_plain(created(kind, **inputs).properties))


def failures(kind: str, **inputs: Any) -> list[tuple[str, str]]:
    answer = asyncio.run(RandomProvider().check(sdk.CheckRequest(urn(kind), {}, to_properties(inputs), b"")))
    return [(failure.property, failure.reason) for failure in answer.failures or []]


def replaces(kind: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    request = sdk.DiffRequest(urn(kind), "id", to_properties(old), to_properties(new), [])
    answer = asyncio.run(RandomProvider().diff(request))
    assert answer.changes is bool(answer.replaces)
    return answer.replaces


def count(text: str, letters: str) -> int:
    return sum(character in letters for character in text)


@pytest.mark.parametrize("seed", range(40))
def test_every_string_obeys_its_policy(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - which policy is tried, not a secret
    classes = {
        "lower": string.ascii_lowercase,
        "upper": string.ascii_uppercase,
        "numeric": string.digits,
        "special": draw.choice([SPECIAL, "_-"]),
    }
    least = {f"min{name.capitalize()}": draw.randint(0, 4) for name in classes}
    wanted = {name: draw.random() < 0.7 for name in classes}
    wanted[draw.choice(list(classes))] = True
    length = max(1, sum(least.values()) + draw.randint(0, 20))
    result = made("RandomString", length=length, overrideSpecial=classes["special"], **least, **wanted)["result"]
    assert len(result) == length
    for name, letters in classes.items():
        number, floor = count(result, letters), least[f"min{name.capitalize()}"]
        assert number >= floor
        assert wanted[name] or number == floor, f"{name} is off, and {number} of it were drawn"


def test_two_strings_differ_and_guaranteed_characters_are_not_in_front() -> None:
    results = [made("RandomString", length=16, minNumeric=4, numeric=True)["result"] for _ in range(30)]
    assert len(set(results)) == 30
    assert any(not result[:4].isdigit() for result in results)


def test_a_password_is_secret_and_its_hash_fits() -> None:
    answer = created("RandomPassword", length=20)
    assert answer.resource_id == "none"
    assert answer.properties["result"].is_secret and answer.properties["bcryptHash"].is_secret
    values = to_plain(answer.properties)
    assert bcrypt.checkpw(values["result"].encode(), values["bcryptHash"].encode())
    assert {key: values[key] for key in ("lower", "numeric", "number", "minLower")} == {
        "lower": True,
        "numeric": True,
        "number": True,
        "minLower": 0,
    }


def test_a_password_longer_than_bcrypt_looks_is_hashed_all_the_same() -> None:
    values = made("RandomPassword", length=100)
    assert bcrypt.checkpw(values["result"].encode()[:72], values["bcryptHash"].encode())


def test_the_four_forms_of_an_id_are_one_number() -> None:
    answer = created("RandomId", byteLength=9, prefix="lab-")
    values = to_plain(answer.properties)
    assert all(values[form].startswith("lab-") for form in ("hex", "dec", "b64Std", "b64Url"))
    assert int(values["hex"].removeprefix("lab-"), 16) == int(values["dec"].removeprefix("lab-"))
    assert values["b64Url"] == f"lab-{answer.resource_id}"


@pytest.mark.parametrize(("length", "pattern"), [(1, r"\w+"), (2, r"\w+-\w+"), (4, r"\w+-\w+-\w+-\w+")])
def test_a_pet_has_as_many_words_as_asked(length: int, pattern: str) -> None:
    answer = created("RandomPet", length=length)
    assert re.fullmatch(pattern, answer.resource_id or "")


def test_a_pet_with_prefix_and_separator() -> None:
    assert re.fullmatch(r"lab_[a-z]+_[a-z]+", created("RandomPet", prefix="lab", separator="_").resource_id or "")


def test_a_uuid_is_one() -> None:
    answer = created("RandomUuid")
    assert uuid.UUID(answer.resource_id).version == 4
    assert to_plain(answer.properties)["result"] == answer.resource_id


def test_a_preview_makes_nothing_up() -> None:
    answer = created("RandomPassword", preview=True, length=UNKNOWN)
    assert answer.resource_id == "" and to_plain(answer.properties)["result"] is UNKNOWN


WRONG: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("RandomPassword", {}, [("length", "is required")]),
    ("RandomPassword", {"length": 0}, [("length", "must be at least 1, got 0")]),
    (
        "RandomString",
        {"length": 3, "minLower": 2, "minUpper": 2},
        [("length", "must be at least minUpper + minLower + minNumeric + minSpecial = 4, got 3")],
    ),
    (
        "RandomString",
        {"length": 3, "lower": False, "upper": False, "numeric": False, "special": False, "minLower": -1},
        [
            ("minLower", "must be at least 0, got -1"),
            ("numeric", "at least one of lower, upper, numeric and special must be true"),
        ],
    ),
    ("RandomId", {"byteLength": 0}, [("byteLength", "must be at least 1, got 0")]),
    ("RandomUuid", {"lenght": 3}, [("lenght", f"{TOKENS['RandomUuid']} has no such input")]),
    ("RandomPassword", {"length": UNKNOWN, "minLower": 50}, []),
    ("RandomPassword", {"length": "8", "special": 1}, [("length", "is no integer"), ("special", "is no boolean")]),
    ("RandomString", {"length": True}, [("length", "is no integer")]),
    ("RandomUuid", {"keepers": {"a": UNKNOWN}}, []),
    (
        "RandomString",
        {"length": 8, "number": True, "numeric": False},
        [("number", "contradicts numeric, which is its new name: leave number out")],
    ),
    ("RandomString", {"length": 8, "number": True, "numeric": True}, []),
]


@pytest.mark.parametrize(("kind", "inputs", "problems"), WRONG)
def test_wrong_inputs_are_named_all_at_once(kind: str, inputs: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert failures(kind, **inputs) == problems


def test_a_changed_keeper_replaces_and_the_same_again_does_not() -> None:
    old = made("RandomPassword", length=12, keepers={"a": "1"})
    assert replaces("RandomPassword", old, {"length": 12, "keepers": {"a": "1"}}) == []
    assert replaces("RandomPassword", old, {"length": 12, "keepers": {"a": "2"}}) == ["keepers"]
    assert replaces("RandomPassword", old, {"length": 12, "keepers": {"a": UNKNOWN}}) == ["keepers"]
    assert replaces("RandomPassword", old, {"length": 13, "special": False}) == ["keepers", "length", "special"]


NO_KEEPERS: list[dict[str, Any]] = [{}, {"keepers": {}}, {"keepers": {"a": None}}]


@pytest.mark.parametrize("kind", ["RandomPassword", "RandomUuid"])
@pytest.mark.parametrize("old", NO_KEEPERS)
@pytest.mark.parametrize("new", NO_KEEPERS)
def test_keepers_without_a_value_are_none_however_they_are_written(kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    length = {"length": 12} if kind == "RandomPassword" else {}
    state = made(kind, **length, **old)
    assert replaces(kind, state, {**length, **new}) == []
    assert replaces(kind, state, {**length, "keepers": {"a": "1"}}) == ["keepers"]


@pytest.mark.parametrize(
    ("keepers", "expected"),
    [({"a": "1", "b": None}, []), ({"a": None}, ["keepers"]), ({}, ["keepers"]), (None, ["keepers"]), ({"b": "1"}, ["keepers"])],
)
def test_a_keeper_that_had_a_value_counts(keepers: dict[str, Any] | None, expected: list[str]) -> None:
    assert replaces("RandomUuid", made("RandomUuid", keepers={"a": "1"}), {"keepers": keepers}) == expected


def test_an_empty_list_of_special_characters_may_be_left_out_later_but_not_written_in() -> None:
    assert replaces("RandomString", made("RandomString", length=8, overrideSpecial=""), {"length": 8}) == []
    assert replaces("RandomString", made("RandomString", length=8), {"length": 8, "overrideSpecial": ""}) == ["overrideSpecial"]


def test_a_default_that_is_written_out_changes_nothing() -> None:
    old = made("RandomString", length=8)
    assert replaces("RandomString", old, {"length": 8, "number": True, "minLower": 0, "special": True}) == []


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("RandomPassword", "hunter22", {"result": "hunter22", "length": 8}),
        ("RandomString", "abc", {"result": "abc", "length": 3}),
        ("RandomId", "lab-,AQID", {"hex": "lab-010203", "dec": "lab-66051", "byteLength": 3, "prefix": "lab-"}),
        ("RandomUuid", "26e77e62-40bb-45d6-a973-2ea4a54e3a33", {"result": "26e77e62-40bb-45d6-a973-2ea4a54e3a33"}),
    ],
)
def test_import_takes_over_what_exists(kind: str, given: str, expected: dict[str, Any]) -> None:
    answer = asyncio.run(RandomProvider().read(sdk.ReadRequest(urn(kind), given, {}, {})))
    values = to_plain(answer.properties)
    assert {key: values[key] for key in expected} == expected
    assert replaces(kind, values, to_plain(answer.inputs)) == []


@pytest.mark.parametrize(("kind", "given"), [("RandomId", "%%%"), ("RandomUuid", "no"), ("RandomPet", "calm-otter")])
def test_what_cannot_be_imported_is_refused_with_its_name(kind: str, given: str) -> None:
    with pytest.raises(PluginError, match=re.escape(repr(given))):
        asyncio.run(RandomProvider().read(sdk.ReadRequest(urn(kind), given, {}, {})))


def test_other_types_are_refused_with_those_that_are_served() -> None:
    with pytest.raises(PluginError, match=r"RandomShuffle is not served .* RandomPassword"):
        created("RandomShuffle")
