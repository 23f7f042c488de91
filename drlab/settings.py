"""A stage's settings as far as the command line cares: which cloud it is for, and whether billing was agreed to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drlab.errors import UserError, WrongArguments
from drlab.folders import PROJECT

TARGETS = ("local", "ctyun")
SHOWN_KEY_CHARACTERS = 4


@dataclass(frozen=True)
class Target:
    """The cloud that a stage is for; never inferred from keys that happen to be there."""

    name: str = "local"
    billing_confirmed: bool = False

    @property
    def is_local(self) -> bool:
        return self.name == "local"


def parse_settings(arguments: Sequence[str]) -> dict[str, str]:
    """`["zone=AZ2", "drlab:target=local"]` -> full keys with their values. Raises WrongArguments naming all that are wrong."""
    wrong = [argument for argument in arguments if not argument.partition("=")[0] or "=" not in argument]
    if wrong:
        raise WrongArguments(f"Settings are written key=value; not so: {', '.join(map(repr, wrong))}.", "-c drlab:zone=AZ2")
    pairs = (argument.split("=", 1) for argument in arguments)
    return {key if ":" in key else f"{PROJECT}:{key}": value for key, value in pairs}


def config_arguments(settings: Mapping[str, str]) -> list[str]:
    """As the engine takes them."""
    return [argument for key, value in settings.items() for argument in ("--config", f"{key}={value}")]


def read_settings(path: Path) -> dict[str, Any]:
    """A stack's own settings file; {} when there is none. Raises UserError when it is no YAML."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return dict(document.get("config") or {})
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise UserError(f"The settings file {path} cannot be read: {error}.") from error


def target_of(stored: Mapping[str, Any], given: Mapping[str, str]) -> Target:
    """What is given with -c beats what the stack's file holds. Raises UserError for a cloud that does not exist."""
    merged = {**stored, **given}
    name = str(merged.get(f"{PROJECT}:target", "local"))
    if name not in TARGETS:
        raise UserError(f"drlab:target is {name!r}; it can be {' or '.join(TARGETS)}.")
    confirmed = str(merged.get(f"{PROJECT}:confirmBilling", "false")).lower() == "true"
    return Target(name, confirmed)


def account(env: Mapping[str, str] | None = None) -> str:
    """The account's access key, most of it hidden."""
    key = (os.environ if env is None else env).get("CTYUN_AK", "")
    return f"{key[:SHOWN_KEY_CHARACTERS]}…{key[-SHOWN_KEY_CHARACTERS:]}" if len(key) > 2 * SHOWN_KEY_CHARACTERS else "(none)"
