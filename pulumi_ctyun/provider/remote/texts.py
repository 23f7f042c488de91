"""What a user may see of texts that may hold secrets, a command's output above all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # asyncssh is slow to import, and a preview needs it not
    from pulumi_ctyun.provider.remote.connections import Outcome

HIDDEN = "[secret]"
LAST_LINES = 20
SHORTEST = 4  # shorter values would hide half of an ordinary sentence


def redact(text: str, secrets: Iterable[str]) -> str:
    """Without the secrets; of secrets with several lines each line counts (a key shown in part is shown all the same)."""
    pieces = {piece.strip() for secret in secrets for piece in (secret, *secret.splitlines())}
    for piece in sorted((piece for piece in pieces if len(piece) >= SHORTEST), key=len, reverse=True):
        text = text.replace(piece, HIDDEN)
    return text


def last_lines(outcome: Outcome, secrets: Iterable[str] = ()) -> str:
    """The end of what a failed command said, errors last."""
    lines = [*outcome.stdout.splitlines()[-LAST_LINES:], *outcome.stderr.splitlines()[-LAST_LINES:]]
    return redact("\n".join(f"    {line}" for line in lines if line.strip()), secrets) or "    (it said nothing)"
