"""Previews as table and as Markdown, from recorded events."""

from __future__ import annotations

from pathlib import Path

import pytest

from drlab.events import parse_event
from drlab.output import Output
from drlab.previews import Planned, Preview, markdown, render, trial_settings

RECORDED = Path(__file__).parent / "recorded"


SALT = "encryptionsalt: v1:another\n"


def test_settings_that_are_tried_in_a_preview_are_not_kept(tmp_path: Path) -> None:
    """The engine writes what -c says into the settings file that it is given."""
    kept = tmp_path / "Pulumi.single-host.yaml"
    kept.write_text(f"{SALT}config:\n  drlab:zone: AZ2\n")
    with trial_settings(kept, ["--config", "drlab:target=ctyun"]) as arguments:
        flag, name, *rest = arguments
        assert (flag, rest) == ("--config-file", ["--config", "drlab:target=ctyun"])
        trial = Path(name)
        assert trial.read_text() == "config:\n  drlab:zone: AZ2\n", "its own settings count; its salt may be another lab's"
        trial.write_text("config:\n  drlab:target: ctyun\n")
    assert not trial.exists()
    assert kept.read_text() == f"{SALT}config:\n  drlab:zone: AZ2\n"
    with trial_settings(tmp_path / "none", []) as arguments:
        assert arguments == []


def test_a_salt_in_braces_is_left_out_too(tmp_path: Path) -> None:
    kept = tmp_path / "Pulumi.single-host.yaml"
    kept.write_text("{encryptionsalt: 'v1:another', config: {'drlab:zone': AZ2}}\n")
    with trial_settings(kept, ["--config", "drlab:target=ctyun"]) as arguments:
        assert Path(arguments[1]).read_text() == "config:\n  drlab:zone: AZ2\n"


def good() -> Preview:
    planned = [Planned("create", "Vpc", "vpc"), Planned("update", "Instance", "web-01", ("name",))]
    return Preview("single-host", planned, unchanged=3, seconds=1.24)


def bad() -> Preview:
    preview = Preview("broken", seconds=0.8)
    for line in (RECORDED / "preview-failed.jsonl").read_text().splitlines():
        event = parse_event(line)
        if event is not None:
            preview.feed(event)
    return preview


def test_a_recorded_preview_with_a_problem() -> None:
    preview = bad()
    assert preview.failed
    assert preview.problems == [
        "vpc: Preview failed: Unexpected <class 'NotImplementedError'>: The method 'update' is not implemented"
    ]
    assert [(p.op, p.name) for p in preview.planned] == [("update", "vpc")]


def test_one_stage_is_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    render([good()], Output())
    assert capsys.readouterr().out.splitlines() == [
        "single-host  1 to create, 1 to update, 3 unchanged (1.2 s)",
        "  + Vpc             vpc",
        "  ~ Instance        web-01  (name)",
    ]


def test_several_stages_are_one_line_each_with_their_problems(capsys: pytest.CaptureFixture[str]) -> None:
    render([good(), bad()], Output())
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "single-host  1 to create, 1 to update, 3 unchanged (1.2 s)"
    assert shown[1] == "broken       1 problem (0.8 s)"
    assert shown[2].startswith("  • vpc: Preview failed")


def test_markdown_for_a_pull_request() -> None:
    assert markdown([good(), bad()]).splitlines() == [
        "## Preview of every stage",
        "",
        "| stage | result | time |",
        "|---|---|---|",
        "| `single-host` | ✅ 1 to create, 1 to update, 3 unchanged | 1.2 s |",
        "| `broken` | ❌ 1 problem | 0.8 s |",
        "",
        "<details><summary>single-host: 1 to create, 1 to update, 3 unchanged</summary>",
        "",
        "| operation | kind | name | changes |",
        "|---|---|---|---|",
        "| create | Vpc | `vpc` |  |",
        "| update | Instance | `web-01` | name |",
        "",
        "</details>",
        "",
        "### broken",
        "",
        "```",
        "vpc: Preview failed: Unexpected <class 'NotImplementedError'>: The method 'update' is not implemented",
        "```",
    ]
