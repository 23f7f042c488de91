"""What is on a server now: its files, and whether a command has run there. Asked for by a refresh.

A server that cannot be asked says nothing: None is "nobody knows", which is neither a failure nor a change.
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.remote.connections import Connections, Outcome, Way

LOOK_SECONDS = 60.0  # many files are much to read; a server that falls silent meanwhile is noticed by its connection
RUNS = '"$HOME/.drlab-runs"'  # an empty file for the last run of each command; it is lost with what the run did

# Mode, owner and content as one hash, as `Item.hash` makes it; one line for each path, "-" for what is not there.
HASHES = """xargs -0 sh -c 'for path; do
    if [ -e "$path" ] || [ -L "$path" ]; then { stat -c "%04a %U:%G" -- "$path"; cat -- "$path"; } 2>/dev/null | sha256sum
    else echo -; fi
done' sh"""


async def hashes_there(connections: Connections, way: Way, paths: Sequence[str]) -> dict[str, str] | None:
    """By path, of those that are there."""
    outcome = await _asked(connections, way, HASHES, "".join(f"{path}\0" for path in paths).encode())
    found = [line.split()[0] for line in outcome.stdout.splitlines()] if outcome else []
    if outcome is None or outcome.status or len(found) != len(paths):
        return None
    return {path: hash for path, hash in zip(paths, found, strict=True) if hash != "-"}


async def note_run(connections: Connections, way: Way, run_id: str, earlier: str | None) -> bool:
    """Leave word on the server that a command has run there. False: it could not be left."""
    forgotten = f" && rm -f {earlier}" if earlier else ""
    outcome = await _asked(connections, way, f"umask 077; mkdir -p {RUNS} && cd {RUNS} && : >{run_id}{forgotten}")
    return outcome is not None and outcome.status == 0


async def has_run(connections: Connections, way: Way, run_id: str) -> bool | None:
    outcome = await _asked(connections, way, f"if [ -e {RUNS}/{run_id} ]; then echo yes; else echo no; fi")
    return None if outcome is None or outcome.status else outcome.stdout.strip() == "yes"


async def forget_run(connections: Connections, way: Way, run_id: str) -> None:
    await _asked(connections, way, f"rm -f {RUNS}/{run_id}")


async def _asked(connections: Connections, way: Way, command: str, stdin: bytes = b"") -> Outcome | None:
    if not await connections.is_there(way):
        return None
    try:
        return await connections.run(way, command, stdin, LOOK_SECONDS)
    except PluginError:  # it has gone in the middle
        return None
