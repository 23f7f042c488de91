"""`python -m drlab`: runs a command; a user's mistake ends in a sentence and an exit status, never in a traceback."""

from __future__ import annotations

import atexit
import gc
import signal
import subprocess
import sys
from types import FrameType

from ctyun.errors import CtyunError
from drlab.errors import EXIT_FAILED, EXIT_INTERRUPTED, Interrupted, UserError
from drlab.terminal import show_what_can_be_shown, typed

RARELY = 50_000  # new objects between two searches for garbage: what imports make stays, and is searched again and again


def main() -> int:
    gc.set_threshold(RARELY)
    atexit.register(gc.freeze)  # nor is everything searched at the end
    show_what_can_be_shown()
    # Not KeyboardInterrupt: typer would turn it into exit status 1.
    signal.signal(signal.SIGINT, interrupt)
    # httpx can do without its own command line, which is half of the time that it takes to load.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    arguments = [typed(argument) for argument in sys.argv[1:]]
    from drlab.app import app_for

    try:
        app_for(arguments)(prog_name="./lab", args=arguments)
    except Interrupted as interrupted:
        return complain(interrupted.message, None, EXIT_INTERRUPTED)
    except UserError as error:
        return complain(error.message, error.hint, error.exit_status)
    except CtyunError as error:
        return complain(str(error), None, EXIT_FAILED)
    except (OSError, subprocess.TimeoutExpired) as error:  # a full disk, a file of another user, a machine that is too busy
        return complain(f"{error}.", "./lab doctor", EXIT_FAILED)
    return 0


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def complain(message: str, hint: str | None, status: int) -> int:
    from rich.text import Text

    from drlab.output import make_console

    console = make_console(stderr=True)
    console.print(Text.assemble(("lab: ", "bold red"), message), soft_wrap=True)
    if hint:
        console.print(Text(f"     → {hint}"), soft_wrap=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
