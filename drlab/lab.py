"""Everything that a command works with, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from drlab.cloud import Cloud
from drlab.folders import Folders
from drlab.output import Output
from drlab.pulumi_cli import Engine


@dataclass(frozen=True)
class Lab:
    """One lab: its folders, its engine, its local cloud, and the screen."""

    folders: Folders
    out: Output
    engine: Engine
    cloud: Cloud

    @classmethod
    def open(cls, *, json: bool = False, verbose: bool = False) -> Lab:
        folders = Folders.from_environment()
        return cls(folders, Output(json=json, verbose=verbose), Engine(folders), Cloud(folders))
