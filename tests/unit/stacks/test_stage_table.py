"""The table of stages, and what a stack without a stage is told."""

from __future__ import annotations

import pulumi
import pytest

from stacks import STAGE_NAMES
from stacks.table import STAGES, stage


def test_every_named_stage_is_built_by_something() -> None:
    assert tuple(STAGES) == STAGE_NAMES


def test_an_unknown_stack_is_told_which_there_are() -> None:
    with pytest.raises(pulumi.RunError, match="'single-hots' is no stage; there are: single-host, dual-active"):
        stage("single-hots")
