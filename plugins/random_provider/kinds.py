"""The resources: one value each says what goes in, what comes out, which inputs are wrong, how to make and how to import."""

from __future__ import annotations

import base64
import binascii
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from plugins.random_provider import generate
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.kit.values import UNKNOWN

Values = Mapping[str, Any]
PYTHON_TYPES: Mapping[str, type] = {"integer": int, "boolean": bool, "string": str, "object": dict}


class Problem(NamedTuple):
    """A wrong input: its name and what is wrong with it."""

    property: str
    reason: str


class Made(NamedTuple):
    """A made (or imported) resource: its id, and all its properties, inputs with defaults included."""

    id: str
    properties: dict[str, Any]


class Input(NamedTuple):
    """One input. Every change of any input forces a replacement."""

    type: str  # as in a Pulumi schema
    default: Any = None
    required: bool = False

    def takes(self, value: Any) -> bool:
        """Absent and unknown values are fine."""
        if value is None or value is UNKNOWN:
            return True
        return isinstance(value, PYTHON_TYPES[self.type]) and (self.type == "boolean" or not isinstance(value, bool))


@dataclass(frozen=True)
class Kind:
    """One resource type."""

    token: str
    inputs: Mapping[str, Input]
    outputs: tuple[str, ...]
    make: Callable[[Values], Made]
    adopt: Callable[[str], Made]  # from the id given to `pulumi import`
    check: Callable[[Values], Iterator[Problem]]
    secrets: tuple[str, ...] = field(default=())

    def complete(self, given: Values) -> dict[str, Any]:
        """All inputs, defaults filled in; `numeric` and its old name `number` kept equal."""
        values = {name: one.default if given.get(name) is None else given[name] for name, one in self.inputs.items()}
        if "numeric" in values:
            said = given.get("numeric") if given.get("numeric") is not None else given.get("number")
            values["numeric"] = values["number"] = True if said is None else said
        return values

    def changed(self, state: Values, wanted: Values) -> list[str]:
        """The inputs that mean something else than in the state."""
        old, new = self.complete(state), self.complete(wanted)
        return [name for name in self.inputs if not _same(name, old[name], new[name])]

    def problems(self, given: Values) -> list[Problem]:
        """Everything that is wrong with the inputs; unknown values are left to the update."""
        unknown_names = sorted(set(given) - set(self.inputs))
        found = [Problem(name, f"{self.token} has no such input") for name in unknown_names]
        found += [Problem(n, "is required") for n, one in self.inputs.items() if one.required and given.get(n) is None]
        found += [Problem(n, f"is no {one.type}") for n, one in self.inputs.items() if not one.takes(given.get(n))]
        if (given.get("number"), given.get("numeric")) in ((True, False), (False, True)):
            found.append(Problem("number", "contradicts numeric, which is its new name: leave number out"))
        return found or list(self.check(self.complete(given)))


def _same(name: str, old: Any, new: Any) -> bool:
    """As in the original: a keeper without a value is none, and an `overrideSpecial` of "" may be left out later."""
    if name == "keepers":
        return bool(_with_values(old) == _with_values(new))
    return bool(old == new) or (name == "overrideSpecial" and old == "" and new is None)


def _with_values(keepers: Any) -> Any:
    return keepers if keepers is UNKNOWN else {key: value for key, value in (keepers or {}).items() if value is not None}


def _text_problems(values: Values) -> Iterator[Problem]:
    least = ("minLower", "minUpper", "minNumeric", "minSpecial")
    for name in least:
        if values[name] is not UNKNOWN and values[name] < 0:
            yield Problem(name, f"must be at least 0, got {values[name]}")
    length, needed = values["length"], [values[name] for name in least]
    if length is not UNKNOWN and length < 1:
        yield Problem("length", f"must be at least 1, got {length}")
    elif UNKNOWN not in (length, *needed) and length < sum(needed):
        yield Problem("length", f"must be at least minUpper + minLower + minNumeric + minSpecial = {sum(needed)}, got {length}")
    classes = [values[name] for name in ("lower", "upper", "numeric", "special")]
    if UNKNOWN not in classes and not any(classes):
        yield Problem("numeric", "at least one of lower, upper, numeric and special must be true")


def _least_one(name: str) -> Callable[[Values], Iterator[Problem]]:
    def check(values: Values) -> Iterator[Problem]:
        if values[name] is not UNKNOWN and values[name] < 1:
            yield Problem(name, f"must be at least 1, got {values[name]}")

    return check


def _make_password(values: Values) -> Made:
    return _password(generate.characters(values), values)


def _password(text: str, values: Values) -> Made:
    return Made("none", {**values, "result": text, "bcryptHash": generate.bcrypt_hash(text)})


def _make_string(values: Values) -> Made:
    text = generate.characters(values)
    return Made(text, {**values, "result": text})


def _make_id(values: Values) -> Made:
    return _id(secrets.token_bytes(values["byteLength"]), values)


def _id(raw: bytes, values: Values) -> Made:
    return Made(generate.b64_url(raw), {**values, **generate.id_forms(raw, values["prefix"] or "")})


def _adopt_id(given: str) -> Made:
    prefix, _, text = given.rpartition(",")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as problem:
        raise PluginError(f"{given!r} is not the id of a RandomId: [prefix,]base64url without padding") from problem
    return _id(raw, ID.complete({"byteLength": len(raw), "prefix": prefix or None}))


def _make_pet(values: Values) -> Made:
    return Made(generate.pet(values["length"], values["separator"], values["prefix"] or ""), dict(values))


def _adopt_pet(given: str) -> Made:
    raise PluginError(f"cannot import {given!r}: a RandomPet cannot be imported, as with pulumi-random itself")


def _make_uuid(values: Values) -> Made:
    text = str(uuid.uuid4())
    return Made(text, {**values, "result": text})


def _adopt_uuid(given: str) -> Made:
    try:
        text = str(uuid.UUID(given))
    except ValueError as problem:
        raise PluginError(f"{given!r} is not a UUID") from problem
    return Made(text, {**UUID.complete({}), "result": text})


KEEPERS = Input("object")
TEXT: Mapping[str, Input] = {
    "keepers": KEEPERS,
    "length": Input("integer", required=True),
    **{name: Input("boolean", True) for name in ("lower", "upper", "number", "numeric", "special")},
    **{name: Input("integer", 0) for name in ("minLower", "minUpper", "minNumeric", "minSpecial")},
    "overrideSpecial": Input("string"),
}
PASSWORD: Kind = Kind(
    "random:index/randomPassword:RandomPassword",
    TEXT,
    ("result", "bcryptHash"),
    make=_make_password,
    adopt=lambda given: _password(given, PASSWORD.complete({"length": len(given)})),
    check=_text_problems,
    secrets=("result", "bcryptHash"),
)
STRING: Kind = Kind(
    "random:index/randomString:RandomString",
    TEXT,
    ("result",),
    make=_make_string,
    adopt=lambda given: Made(given, {**STRING.complete({"length": len(given)}), "result": given}),
    check=_text_problems,
)
ID: Kind = Kind(
    "random:index/randomId:RandomId",
    {"keepers": KEEPERS, "byteLength": Input("integer", required=True), "prefix": Input("string")},
    ("b64Std", "b64Url", "hex", "dec"),
    make=_make_id,
    adopt=_adopt_id,
    check=_least_one("byteLength"),
)
PET: Kind = Kind(
    "random:index/randomPet:RandomPet",
    {"keepers": KEEPERS, "length": Input("integer", 2), "separator": Input("string", "-"), "prefix": Input("string")},
    (),
    make=_make_pet,
    adopt=_adopt_pet,
    check=_least_one("length"),
)
UUID: Kind = Kind(
    "random:index/randomUuid:RandomUuid",
    {"keepers": KEEPERS},
    ("result",),
    make=_make_uuid,
    adopt=_adopt_uuid,
    check=lambda values: iter(()),
)
KINDS: Mapping[str, Kind] = {kind.token: kind for kind in (PASSWORD, STRING, ID, PET, UUID)}
