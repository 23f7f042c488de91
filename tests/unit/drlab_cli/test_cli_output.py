"""Lines, tables and documents."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from drlab.errors import Interrupted
from drlab.folders import ROOT
from drlab.output import Output, count, table_lines, took


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (125.0, "2 min 05 s")])
def test_seconds_for_people(seconds: float, text: str) -> None:
    assert took(seconds) == text


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "→ ✗ 华东1…"), ("gbk", "→ x 华东1…"), ("ascii", "-> x ??1..."), ("latin-1", "-> x ??1...")],
)
def test_a_terminal_that_cannot_show_a_character_shows_something_like_it(encoding: str, shown: str) -> None:
    streams = "import sys; from drlab.terminal import show_what_can_be_shown; show_what_can_be_shown()\n"
    script = streams + "for stream in (sys.stdout, sys.stderr): print('→ ✗ 华东1…', file=stream)"
    environment = {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert (done.stdout.decode(encoding), done.stderr.decode(encoding)) == (f"{shown}\n", f"{shown}\n")


def test_what_was_typed_in_a_c_locale_is_what_was_meant() -> None:
    script = "import sys; from drlab.terminal import typed; print(ascii([typed(argument) for argument in sys.argv[1:]]))"
    environment = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}
    arguments = ["zone=华东1".encode(), b"plain", b"\xba\xaa"]
    done = subprocess.run([sys.executable, "-c", script, *arguments], env=environment, capture_output=True, check=True)
    assert done.stdout.decode().strip() == ascii(["zone=华东1", "plain", "\ufffd\ufffd"])


def test_counts() -> None:
    assert [count(1, "server"), count(2, "server"), count(0, "policy", "policies")] == ["1 server", "2 servers", "0 policies"]


def test_chinese_characters_are_two_cells_wide() -> None:
    assert table_lines(("ZONE", "POWER"), [("华东1/AZ1", "on"), ("AZ2", "off")]) == [
        "  ZONE       POWER",
        "  华东1/AZ1  on",
        "  AZ2        off",
    ]


def test_brackets_of_a_name_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Output().line("[red]web-01[/red] :boom:")
    assert capsys.readouterr().out == "[red]web-01[/red] :boom:\n"


def test_long_lines_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    Output().step("site", "x" * 300)
    assert capsys.readouterr().out == f"site         {'x' * 300}\n"


@pytest.mark.parametrize(
    ("shown_by", "message"),
    [
        (None, "Interrupted."),
        ("./lab db status", "Interrupted; what has begun goes on (switchover). ./lab db status shows what becomes of it."),
    ],
)
def test_an_interruption_says_what_goes_on_without_the_command(shown_by: str | None, message: str) -> None:
    with pytest.raises(Interrupted) as told, Output().busy("switchover", shown_by):
        raise Interrupted
    assert told.value.message == message


def test_with_json_the_document_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(json=True)
    out.line("progress")
    out.document({"zone": "华东1"})
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"zone": "华东1"}
    assert shown.err == "progress\n"
