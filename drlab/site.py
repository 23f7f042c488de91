"""Whether a stage's site answers, asked as a visitor would."""

from __future__ import annotations

import time
from collections.abc import Callable

from drlab.errors import UserError

SITE_SECONDS = 60.0
REQUEST_SECONDS = 3.0
POLL_SECONDS = 0.1
PATHS = ("/", "/api.php")  # a static page, and one that needs the database


def await_site(url: str, local: bool, seconds: float = SITE_SECONDS, get: Callable[[str], str] | None = None) -> float:
    """Seconds until static and dynamic page both answered with 200. Raises UserError with what was seen last."""
    begin = time.monotonic()
    ask = get or (lambda address: look(address, local))
    while True:
        seen = {path: ask(url.rstrip("/") + path) for path in PATHS}
        if all(answer == "200" for answer in seen.values()):
            return time.monotonic() - begin
        if time.monotonic() - begin > seconds:
            shown = ", ".join(f"{path} {answer}" for path, answer in seen.items())
            raise UserError(f"Waited {seconds:.0f} s for the site {url} to answer; last seen: {shown}.", "./lab status")
        time.sleep(POLL_SECONDS)


def look(url: str, local: bool) -> str:
    """Status code, or why there is none. No proxy lies between this machine and an EIP of the local cloud."""
    import httpx  # here, as much of what a command loads: most calls end before they need it

    try:
        return str(httpx.get(url, timeout=REQUEST_SECONDS, trust_env=not local).status_code)
    except httpx.TimeoutException:
        return "silent"
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
