"""What is older on a server since a backup was restored over it than its stage wants: told by the engine, at a refresh.

The backup holds files as they were then, and lacks the scripts that have run since. What differs is written into the stack's
state, so that the next `up` brings it again.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from drlab import ssh
from drlab.engine_run import prepare_stack, run_engine
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.previews import preview
from drlab.stack_state import Resource, is_secret, read_stack

INSTANCE, FILES = "ctyun:ecs:Instance", "ctyun:ssh:RemoteFiles"
KEPT = (FILES, "ctyun:ssh:RemoteCommand")
LOGIN_SECONDS = 90.0  # from a restore to sshd
POLL_SECONDS = 0.5


def by_hand(stage: str) -> str:
    """What finds it out and mends it without us."""
    return f".venv/bin/pulumi refresh -s {stage}, then ./lab up {stage}"


def find_older(lab: Lab, stage: str, instance_id: str) -> list[str]:
    """One line for each thing that the next `up` will bring again; the server must run.

    Raises UserError when it could not be found out, with how to do so.
    """
    stack = read_stack(lab.folders.stack_file(stage), stage)
    server = next((one for one in stack.of_type(INSTANCE) if one.id == instance_id), None)
    kept = [one for one in stack.resources if server and one.deleted_with == server.urn and one.type in KEPT]
    if server is None or not kept:
        return []
    try:
        await_login(lab, stage, server.name)
        prepare_stack(lab, stage)
        before = hashes(lab, stage)
        run_engine(lab, "refresh", stage, *(part for one in kept for part in ("--target", one.urn)))
        after, planned = hashes(lab, stage), preview(lab, stage)
    except UserError as error:
        error.hint = by_hand(stage)
        raise
    if planned.failed:
        raise UserError(f"What ./lab up {stage} would do is not known: {planned.sentence()}.", f"./lab preview {stage}")
    due = {step.urn for step in planned.planned}
    return [sentence(one, server.name, before, after) for one in kept if one.urn in due]


Hashes = Mapping[str, Mapping[str, str]]  # by URN, by path


def hashes(lab: Lab, stage: str) -> Hashes:
    """Of all files on servers, as the state has them: as secret as the contents, so the engine must decrypt them."""
    document = json.loads(lab.engine.query("stack", "export", "--show-secrets", "--stack", stage))
    files = [raw for raw in document["deployment"]["resources"] if raw["type"] == FILES]
    return {raw["urn"]: in_clear((raw.get("outputs") or {}).get("hashes")) for raw in files}


def in_clear(value: Any) -> Mapping[str, str]:
    return dict(json.loads(value["plaintext"]) if is_secret(value) else value or {})


def sentence(resource: Resource, server: str, before: Hashes, after: Hashes) -> str:
    """What of one resource is older than before the refresh; a refresh before that one may have found the same."""
    if resource.type != FILES:
        return f"{resource.name}: its script is to run on {server} again"
    old, new = before.get(resource.urn, {}), after.get(resource.urn, {})
    paths = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    return f"{resource.name}: {', '.join(paths) or 'files'} on {server}"


def await_login(lab: Lab, stage: str, name: str, seconds: float = LOGIN_SECONDS) -> None:
    """Raises UserError with what ssh said last when nobody can log in within `seconds`."""
    ssh.access_files(lab, stage)
    command = ssh.command_line(lab.folders, stage, name, ["-o", "BatchMode=yes", "true"])
    begin = time.monotonic()
    with lab.out.busy(f"waiting for a login on {name}"):
        while (problem := login_problem(command)) is not None:
            if time.monotonic() - begin > seconds:
                raise UserError(f"Waited {seconds:.0f} s for a login on {name}; ssh said last: {problem}")
            time.sleep(POLL_SECONDS)


def login_problem(command: Sequence[str]) -> str | None:
    """Why nobody can log in, or None."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", timeout=30, check=False
        )
    except subprocess.TimeoutExpired:
        return "nothing for 30 s"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["nothing"])[-1]
