"""Set-up before a command's own work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from drlab.errors import Interrupted
from drlab.lab import Lab
from drlab.lock import Holder, lab_lock
from drlab.setup import Needs, PrintedReport, ensure


def set_up(lab: Lab, needs: Needs) -> None:
    """Bring everything that the command needs into place; says what it does, and nothing when all is there."""
    ensure(needs, PrintedReport(), folders=lab.folders)


@contextmanager
def exclusive(lab: Lab) -> Iterator[None]:
    """The lab for this command alone: a second `up` or `down` waits, and says for whom."""
    lab.folders.ensure_state()

    def say(holder: Holder | None) -> None:
        lab.out.step("waiting", f"for {holder.sentence() if holder else 'another ./lab'} to finish; Ctrl-C gives up")

    command = " ".join(["./lab", *sys.argv[1:]])
    with lab_lock(lab.folders.lock, command, say):
        try:
            yield
        except Interrupted as interrupted:
            if interrupted.is_explained:
                raise
            raise Interrupted(f"Interrupted; `{command}` goes on from there when it is given again.") from interrupted
