"""The Pulumi program of every stack: the stack's name says which stage is built."""

from __future__ import annotations

import pulumi

from stacks.table import stage

stage(pulumi.get_stack())()
