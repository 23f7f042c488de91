"""The engine's version, and what a source of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drlab.setup.steps import Tell

VERSION = "3.250.0"  # the same as the Python SDK's in pyproject.toml
EXEC_NAME = "pulumi-language-python-exec"  # the script that starts a Python program for the language host
RECIPE_NAME = "drlab-recipe"  # beside an engine that was built here: by which recipe
# What is used of an installation; it also holds language hosts for other languages.
WANTED = ("pulumi", "pulumi-language-python", EXEC_NAME)


class Unavailable(Exception):
    """This source cannot serve here; the next one is tried. Says why."""


@dataclass(frozen=True)
class Source:
    """One way to the engine. `install` fills an empty folder, answers with a sentence, or raises Unavailable."""

    name: str
    install: Callable[[Path, Tell], str]
    silent: bool = False  # that it cannot serve is usual and nobody's concern
