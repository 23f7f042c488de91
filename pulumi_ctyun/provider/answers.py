"""What the provider has found, in the words of the engine's protocol."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi.provider.experimental import provider as sdk

from pulumi_ctyun.provider.checking import Problem
from pulumi_ctyun.provider.diffing import Change
from pulumi_ctyun.provider.merging import Values, secret_texts
from pulumi_ctyun.provider.remote.texts import redact


def failures(problems: Iterable[Problem], inputs: Values) -> list[sdk.CheckFailure]:
    """The engine prints a failure's property with its value: not for secrets, and it finds no value inside objects."""
    secrets = frozenset(secret_texts(inputs.values()))
    failures = []
    for problem in problems:
        shown, reason = not problem.secret and problem.path.isalnum(), redact(problem.reason, secrets)
        failures.append(sdk.CheckFailure(problem.path if shown else "", reason if shown else f"{problem.path} {reason}"))
    return failures


def kind_of(change: Change) -> sdk.PropertyDiffKind:
    name = "ADD" if change.added else "DELETE" if change.removed else "UPDATE"
    return sdk.PropertyDiffKind[f"{name}_REPLACE" if change.replaces else name]
