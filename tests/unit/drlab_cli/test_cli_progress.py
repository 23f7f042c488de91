"""What the engine said in recorded runs, and what the user sees of it.

`recorded/NAME.jsonl` was written by the engine (states cut down to what is read), `NAME.txt` is what must be shown.
Rewriting the latter is a reviewed act: delete a file, run the test, and look at what it wrote.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drlab.engine_run import all_problems, failure_sentence
from drlab.events import PLAIN, Message, Step, is_debug, parse_event
from drlab.progress import Progress, changes_sentence, step_line
from drlab.pulumi_cli import Ended

RECORDED = Path(__file__).parent / "recorded"
SECONDS_PER_EVENT = 0.25


def shown(path: Path) -> str:
    """Everything that a run shows, details included (marked with |), with a clock that ticks at each event."""
    progress, lines = Progress(), []
    for number, line in enumerate(path.read_text().splitlines()):
        event = parse_event(line)
        if event is not None:
            fed = progress.feed(event, number * SECONDS_PER_EVENT)
            lines += [("| " if printed.detail else "") + printed.text for printed in fed]
    assert progress.summary is not None
    if progress.summary.result == "succeeded":
        lines.append(changes_sentence(progress.summary.changes))
    else:
        lines.append(failure_sentence("single-host", "up", progress, Ended(1, False, 2.0, log=Path("logs/up.jsonl"))))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("recording", sorted(RECORDED.glob("*.jsonl")), ids=lambda path: path.stem)
def test_recorded_runs_read_well(recording: Path) -> None:
    expected = recording.with_suffix(".txt")
    if not expected.exists():
        expected.write_text(shown(recording))
        pytest.fail(f"wrote {expected.name}: read it, then run again")
    assert shown(recording) == expected.read_text()


def test_debug_events_hold_secrets_and_are_dropped() -> None:
    line = '{"sequence":1,"diagnosticEvent":{"message":"props: hunter2","color":"never","severity":"debug"}}'
    assert is_debug(line)
    assert parse_event(line) is None


def test_lines_that_are_no_events_are_kept_as_details() -> None:
    message = parse_event("warning: something of the shell")
    assert message == Message(PLAIN, "warning: something of the shell")
    assert [line.detail for line in Progress().feed(message, 0.0)] == [True]
    assert parse_event("   ") is None


LOCKED = ("error: the stack is currently locked by 1 lock(s).", "  /locks/1.json: created by me@host (pid 7)")
BARE = "an unhandled error occurred: the program ended with exit status 1"
LAST = "the last that the program said:\nTraceback:\nOSError: no"


@pytest.mark.parametrize(
    ("errors", "plain", "output", "expected"),
    [
        ([], ("error: incorrect passphrase",), (), ["incorrect passphrase"]),
        ([], LOCKED, (), ["the stack is currently locked by 1 lock(s).\n  /locks/1.json: created by me@host (pid 7)"]),
        ([], ("pulumi: cannot execute",), (), ["pulumi: cannot execute"]),
        (["vpc: sold out"], ("warning: a shell's", "error: disk full"), ("noise",), ["vpc: sold out", "disk full"]),
        (["vpc: sold out"], ("warning: a shell's",), ("noise",), ["vpc: sold out"]),
        ([BARE], (), ("Traceback:", "OSError: no"), [BARE, LAST]),
        ([], (), ("Traceback:", "OSError: no"), [LAST]),
        ([], (), (), ["the engine ended with status 255 and without a reason; all that it said is in logs/up.jsonl"]),
    ],
)
def test_whatever_the_engine_says_of_its_end_is_passed_on(
    errors: list[str], plain: tuple[str, ...], output: tuple[str, ...], expected: list[str]
) -> None:
    assert all_problems(errors, Ended(255, False, 1.0, plain, output, Path("logs/up.jsonl"))) == expected


def test_an_engine_that_was_killed_had_said_something_before() -> None:
    progress = Progress(errors=["vpc: sold out"])
    assert failure_sentence("single-host", "up", progress, Ended(-9, False, 1.0)).endswith("of single-host.\n  • vpc: sold out")


def test_what_takes_time_is_named_while_it_does() -> None:
    progress = Progress()
    urn = "urn:pulumi:s::drlab::ctyun:ecs:Instance::web-01"
    progress.feed(Step("begun", "create", urn, "ctyun:ecs:Instance", True), 10.0)
    assert progress.working_on(14.2) == "making web-01 (4 s)"
    progress.feed(Step("done", "create", urn, "ctyun:ecs:Instance", True), 15.0)
    assert progress.working_on(16.0) == ""


def test_an_update_says_what_changed() -> None:
    step = Step(
        "done", "update", "urn:pulumi:s::drlab::ctyun:vpc:Subnet::subnet", "ctyun:vpc:Subnet", True, ("name", "dnsServers")
    )
    assert step_line(step, 0.31) == "  ~ Subnet          subnet                      0.3 s  (name, dnsServers)"


def test_the_same_error_is_told_once() -> None:
    progress = Progress()
    for _ in range(2):
        progress.feed(Message("error", "sold out", "urn:pulumi:s::drlab::ctyun:ecs:Instance::web-01"), 0.0)
    assert progress.errors == ["web-01: sold out"]


def test_an_engine_that_was_killed_is_no_silent_failure() -> None:
    sentence = failure_sentence("single-host", "up", Progress(), Ended(-9, False, 3.2))
    assert sentence == "The engine was killed (signal 9) after 3.2 s of `pulumi up` of single-host."
