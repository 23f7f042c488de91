"""Commands that do not outlive the process that started them, however that one ends (also by `kill -9`).

    python tether.py PARENT_PID SIGNAL COMMAND [ARGUMENT ...]

The kernel's parent-death signal survives exec, so this process becomes the command. Done here and not between fork and exec
of the caller: a caller with threads of C libraries (gRPC's) may never fork without an exec at once. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tethered(command: Sequence[str | bytes], number: int = signal.SIGTERM) -> list[bytes]:
    """The command line that runs `command`, under the same process id, and ends by this signal with the caller's thread."""
    python = [sys.executable, "-S", "-E", "-X", "utf8", __file__, str(os.getpid()), str(int(number))]
    return [os.fsencode(part) for part in (*python, *command)]


def main(parent: int, number: int, command: list[str]) -> int:
    """Becomes the command. Else the exit status: 1 when the parent has ended meanwhile, 127 for a command that cannot be run."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it ended before the line above
        return 1
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python; exec would keep that
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as problem:
        print(f"{command[0]}: {problem.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
