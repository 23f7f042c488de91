"""Set-up: everything that the asked command needs, and nothing else. Idempotent; says what it does.

    environment = ensure(Needs.everything(), PrintedReport())

Each step looks first, so a machine that is complete is left alone in a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drlab.folders import Folders
from drlab.setup.cache_lock import cache_lock
from drlab.setup.children import Children
from drlab.setup.launchers import launchers_step
from drlab.setup.pulumi_engine import engine_step
from drlab.setup.report import PrintedReport, Report, SilentReport
from drlab.setup.stack_init import stacks_step
from drlab.setup.state import state_step
from drlab.setup.steps import Lane, Phase, prepare

__all__ = ["Environment", "Needs", "PrintedReport", "Report", "SilentReport", "ensure"]


@dataclass(frozen=True)
class Needs:
    """What a command needs. The state folder is always made."""

    engine: bool = False  # the Pulumi engine, its wrapper and plugins, and a stack per stage
    docker: bool = False  # Docker that answers, and the images of the local cloud
    test_tools: bool = False  # the plain tools by which the tests judge

    @classmethod
    def preview(cls) -> Needs:
        """A preview makes no call to any cloud."""
        return cls(engine=True)

    @classmethod
    def cloud(cls) -> Needs:
        return cls(docker=True)

    @classmethod
    def everything(cls) -> Needs:
        return cls(engine=True, docker=True)

    @classmethod
    def tests(cls) -> Needs:
        return cls(engine=True, docker=True, test_tools=True)


@dataclass(frozen=True)
class Environment:
    """Where set-up has put things."""

    folders: Folders
    pulumi: Path  # the wrapper


def ensure(needs: Needs, report: Report, folders: Folders | None = None, stages: Sequence[str] | None = None) -> Environment:
    """Brings everything that is needed into place. Raises UserError; after Ctrl-C nothing of it goes on running."""
    folders = folders or Folders.from_environment()
    children = Children()
    phases = plan(needs, folders, _stage_names() if stages is None else stages, children, report)
    prepare(phases, report, children, lambda: cache_lock(folders.cache, lambda text: report.note("set-up", text)))
    return Environment(folders, folders.pulumi)


def plan(needs: Needs, folders: Folders, stages: Sequence[str], children: Children, report: Report) -> list[Phase]:
    """The steps. The engine's lane is the long one (minutes of compiling); images are built beside it, one at a time."""
    lanes: list[Lane] = []
    if needs.engine:
        engine = engine_step(folders, children, lambda text: report.note("engine", text))
        lanes.append(Lane("engine", [engine, launchers_step(folders), stacks_step(folders, children, stages)]))
    if needs.docker:
        from drlab.setup.docker_engine import docker_step  # with an HTTP client: a preview needs none
        from drlab.setup.images import ImageList, base_image_step, has_image, images_step, list_images
        from drlab.setup.test_tools import test_tools_step

        images = ImageList(lambda: list_images(folders), has_image)
        base = base_image_step(folders, children, images, lambda text: report.note("base image", text))
        tools = [test_tools_step(children)] if needs.test_tools else []  # beside nothing else that calls apt
        lanes.append(Lane("images", [docker_step(children), *tools, base, images_step(folders, children, images)]))
    return [[Lane("state", [state_step(folders)])], lanes]


def _stage_names() -> Sequence[str]:
    from drlab.stages import stage_names

    return stage_names()
