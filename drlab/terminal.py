"""Terminals that cannot show every character: something like it is shown in its place, and nothing fails."""

from __future__ import annotations

import codecs
import os
import sys

HANDLER = "drlab.similar"
SIMILAR = {"→": "->", "…": "...", "✗": "x", "✅": "ok", "❌": "failed", "•": "*", "·": "-", "±": "+-", "×": "x"}


def similar(error: UnicodeError) -> tuple[str, int]:
    """An error handler of `codecs`: signs become ASCII, other characters question marks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(SIMILAR.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def show_what_can_be_shown() -> None:
    """For this process's standard output and error, in whatever encoding they are."""
    codecs.register_error(HANDLER, similar)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)


def typed(argument: str) -> str:
    """An argument as it was typed: in a C locale Python does not know that the terminal speaks UTF-8."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return os.fsencode(argument).decode(errors="replace")
    return argument
