"""Check of RemoteFiles: the local sources exist, and a hash for each file makes a changed one visible to the diff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from pulumi_ctyun.kit.values import UNKNOWN, has_unknown, is_secret, to_plain, to_property
from pulumi_ctyun.provider.checking import Problem
from pulumi_ctyun.provider.local_files import expand, problem_of


def with_hashes(inputs: Mapping[str, PropertyValue]) -> tuple[dict[str, PropertyValue], list[Problem]]:
    """The inputs with `hashes`: {path on the server: hash}. The hash of a secret content is secret.

    Unknown contents have unknown hashes; if even a path is unknown, so are they all.
    """
    problems: list[Problem] = []
    hashes: dict[str, Any] = {}
    entries: Any = inputs["files"].value
    if not isinstance(entries, tuple):
        return {**inputs, "hashes": to_property(UNKNOWN)}, []
    for index, entry in enumerate(entries):
        found = _hashes_of(to_plain(entry), f"files[{index}].source", problems)
        if found is None:
            return {**inputs, "hashes": to_property(UNKNOWN)}, problems
        hidden = is_secret(entry) or inputs["files"].is_secret
        hashes.update({path: to_property(value, secret=hidden) for path, value in found.items()})
    return {**inputs, "hashes": to_property(hashes)}, problems


def _hashes_of(file: Any, path: str, problems: list[Problem]) -> dict[str, Any] | None:
    """Hashes of one entry; None when not even its paths are known."""
    if not isinstance(file, Mapping) or has_unknown({**file, "content": None}):
        return None
    if has_unknown(file):
        return {file["path"]: UNKNOWN}
    source = file.get("source")
    problem = problem_of(source) if source is not None else None
    if problem:
        problems.append(Problem(path, problem))
        return {}
    return {item.path: item.hash for item in expand(file)}
