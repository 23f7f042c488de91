"""Runs inside the program's own interpreter, before the program: `launch.py HOST_PID SCRIPT ARGUMENTS...`.

Standard library and the SDK only, since the program's virtual environment need not have this project installed. It ties
the program to the language host (which is tied to the engine), so that after `kill -9` of either no program goes on
registering resources, and lets an interrupt end it without a traceback.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import runpy
import signal
import sys
from collections.abc import Awaitable, Callable

LIGHT = os.path.join(os.path.dirname(__file__), "../../pulumi_ctyun/kit/light.py")  # noqa: PTH118, PTH120  no pathlib yet
PR_SET_PDEATHSIG = 1  # linux/prctl.h
ERROR_WAS_SHOWN = 32  # the script's own status for "the user has seen the message"


def main(host: int, script: str, arguments: list[str]) -> None:
    """Become `script`. The host forks from its main thread, so the kernel's signal comes when the host ends, not before."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != host:  # it ended before the kernel was asked
        sys.exit(1)
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(script)  # noqa: PTH120  what `python script` would have put there
    shown: list[Exception] = []
    with contextlib.suppress(ImportError):  # of the SDK: the script says so, with advice
        runpy.run_path(LIGHT)["import_pulumi_lightly"]()
        shown = note_run_errors()
        if os.environ.get("DRLAB_DEBUG_MESSAGES") == "off":
            keep_debug_messages()
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if shown and end.code == 1:
            sys.exit(ERROR_WAS_SHOWN)
        raise


def keep_debug_messages() -> None:
    """Of the SDK, which tells the engine of each of its steps and waits for the answer: a sixth of a program's time.

    The wrapper of `pulumi` sets the variable where no option makes the engine show them, and ./lab always: it throws them away.
    """
    import pulumi

    def nothing(*_: object, **__: object) -> None:
        """Nobody wants to know."""

    pulumi.log.debug = nothing


def note_run_errors() -> list[Exception]:
    """The `RunError`s that end the program, in a list that fills later.

    The script prints a RunError's message and then exits with 1, like a program that says nothing; without this the user
    would read a second error, "ended with exit status 1", below the one that matters.
    """
    import pulumi

    shown: list[Exception] = []
    run_in_stack = pulumi.runtime.run_in_stack

    async def noting(func: Callable[[], Awaitable[None] | None]) -> None:
        try:
            await run_in_stack(func)
        except pulumi.RunError as error:
            shown.append(error)
            raise

    pulumi.runtime.run_in_stack = noting
    return shown


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
