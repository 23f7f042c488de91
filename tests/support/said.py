"""What local clouds and databases had to say while a test ran, for the report of one that failed."""

from __future__ import annotations

from pathlib import Path

LAST, TROUBLE = 25, 15  # lines shown
_logs: list[Path] = []


def listen(log: Path) -> Path:
    """From now on the log's news stand in the reports of failed tests."""
    if log not in _logs:
        _logs.append(log)
    return log


def sizes() -> dict[Path, int]:
    """How long each log is now."""
    return {log: log.stat().st_size for log in _logs if log.exists()}


def news(before: dict[Path, int]) -> list[tuple[str, str]]:
    """(log, what it has gained since then) for those that have gained anything; a log that begins anew is all news."""
    return [(str(log), said) for log in _logs if (said := _gained(log, before.get(log, 0)))]


def _gained(log: Path, since: int) -> str:
    """The last lines of trouble, then the last lines of all."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(since if since <= log.stat().st_size else 0)
        lines = file.read().decode(errors="replace").splitlines()
    earlier, last = lines[:-LAST], lines[-LAST:]
    trouble = [line for line in earlier if " INFO " not in line]
    return "\n".join([*trouble[-TROUBLE:], *(["..."] if earlier else []), *last])
