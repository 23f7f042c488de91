"""The command: installs, and says in a sentence what went wrong."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from drlab.bootstrap.packages import locked_install
from drlab.bootstrap.running import BootstrapError, say


def main(root: str, stamp: str) -> int:
    """Exit status 1 for a failure that was told, 130 for Ctrl-C."""
    os.environ.pop("PYTHONPATH", None)  # it led here, and is not for what is started from here
    started = time.monotonic()
    if not os.access(root, os.W_OK):
        say(f"{root} is not writable for you, and .venv is made in it: clone the project into a folder of your own")
        return 1
    say("installing the Python packages into .venv (once; ten seconds, or a minute where pip has to do it)")
    try:
        locked_install(Path(root), stamp)
    except BootstrapError as problem:
        say(str(problem))
        return 1
    except OSError as problem:
        say(f"installing the Python packages failed: {problem}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; run ./lab again to go on")
        return 130
    say(f"Python packages installed in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
