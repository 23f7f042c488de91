"""What can go wrong for a user of the command line.

UserError       a sentence for the user: what was attempted, on which thing, what to do. Printed without a traceback.
WrongArguments  one about what was typed, whatever there is: exit status 2, as for an unknown option.
Interrupted     Ctrl-C: the work was ended in an orderly way; exit status 130.
"""

from __future__ import annotations

EXIT_FAILED = 1
EXIT_WRONG = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count


class UserError(Exception):
    """A mistake or a state of the machine that the user can do something about. `hint` is the next thing to type."""

    exit_status = EXIT_FAILED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongArguments(UserError):
    """What was typed means nothing here; typed again, it will mean nothing either."""

    exit_status = EXIT_WRONG


class Interrupted(BaseException):
    """The user pressed Ctrl-C and what ran has been ended.

    No Exception, like KeyboardInterrupt: an event loop or a library that catches and logs those must not swallow it.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message or "Interrupted."
        self.is_explained = bool(message)  # else nobody has said yet what becomes of the work
