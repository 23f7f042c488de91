"""Runs a command that does not outlive the process that started it, however that one ends (also by `kill -9`).

    python tether.py PARENT_PID COMMAND [ARGUMENT ...]

The kernel's parent-death signal survives exec, so this process becomes the command. Done here and not between fork and
exec of the caller, because the caller has several threads. Standard library only.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> int:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the line above
        return 1
    try:
        os.execvp(command[0], command)
    except OSError as problem:
        print(f"{command[0]}: {problem.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
