"""Marks are stable; tokens survive a kill and no more."""

from __future__ import annotations

import stat
from pathlib import Path

from pulumi_ctyun.provider.marks import described, has_mark, mark_of, undescribed
from pulumi_ctyun.provider.tokens import Tokens
from pulumi_ctyun.resources.declarations.rules import DESCRIPTION_LENGTH

URN = "urn:pulumi:dev::lab::drlab:network:Network$ctyun:vpc:Vpc::vpc"
OTHER = URN.replace(":dev:", ":test:")


def test_mark_depends_on_project_stack_and_name() -> None:
    assert mark_of(URN) == "88f30ef74b63667b"  # another value would orphan what earlier runs have left
    assert len({mark_of(URN), mark_of(OTHER), mark_of(URN + "2"), mark_of(URN.replace("::lab::", "::x::"))}) == 4


def test_description_carries_the_mark_and_gives_it_back() -> None:
    mark = mark_of(URN)
    assert described("course", mark) == f"course [drlab:{mark}]"
    assert described(None, mark) == f"[drlab:{mark}]"
    assert (undescribed(described("course", mark)), undescribed(described(None, mark))) == ("course", None)
    assert has_mark(described("course", mark), mark)
    assert not has_mark(described("course", mark), mark_of(OTHER))
    assert len(described("x" * DESCRIPTION_LENGTH, mark)) == 128


def test_token_is_the_same_until_the_create_is_over(tmp_path: Path) -> None:
    tokens, wish = Tokens(tmp_path / "tokens"), {"name": "a", "password": "p"}
    first = tokens.take("m", wish)
    assert tokens.take("m", wish) == first
    assert Tokens(tmp_path / "tokens").take("m", wish) == first
    assert first.is_for(wish)
    tokens.created("m", "vpc-1")
    assert tokens.take("m", wish).value == first.value, "the engine may not have recorded it"
    tokens.end()
    assert tokens.take("m", wish).value != first.value


def test_a_create_is_over_when_the_engine_knows_its_thing(tmp_path: Path) -> None:
    tokens, wish = Tokens(tmp_path), {"name": "a"}
    tokens.take("m", wish)
    tokens.recorded("m", "vpc-0")  # what the new one is to replace
    assert tokens.unfinished("m")
    tokens.created("m", "vpc-1")
    tokens.recorded("m", "vpc-0")
    assert tokens.unfinished("m")
    Tokens(tmp_path).recorded("m", "vpc-1")
    assert tokens.unfinished("m") is None


def test_what_was_never_answered_is_unfinished_whatever_the_end(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    tokens.take("m", {"name": "a"})
    tokens.end()
    assert tokens.unfinished("m")


def test_a_token_of_an_earlier_version_that_says_done_is_over(tmp_path: Path) -> None:
    (tmp_path / "m").write_text('{"token": "m-1", "digest": "d", "done": true}')
    tokens = Tokens(tmp_path)
    assert tokens.unfinished("m") is None
    tokens.recorded("m", "vpc-1")
    assert list(tmp_path.iterdir()) == []


def test_other_inputs_and_a_delete_mean_another_token(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    first = tokens.take("m", {"name": "a"})
    second = tokens.take("m", {"name": "b"})
    tokens.forget("m")
    third = tokens.take("m", {"name": "b"})
    assert len({first.value, second.value, third.value}) == 3
    change = tokens.take(f"{'a' * 16}.disk-{'0' * 36}", {})
    assert max(map(len, (first.value, second.value, change.value))) <= 64


def test_files_are_private_and_hold_no_secret(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens")
    tokens.take("m", {"password": "topsecret"})
    (file,) = (tmp_path / "tokens").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "topsecret" not in file.read_text()


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("{")
    assert Tokens(tmp_path).unfinished("m") is None
