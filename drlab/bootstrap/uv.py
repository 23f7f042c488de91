"""uv, the fast installer: where it comes from, and pip's settings in its words. What it cannot be told makes it unfit."""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

REQUIREMENT = "uv==0.13.8"
SETTINGS_SECONDS = 30.0

# pip's setting -> uv's variables. Lists are written with blanks in pip's files.
IN_UV_WORDS: Mapping[str, tuple[str, ...]] = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "constraint": ("UV_CONSTRAINT",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "retries": ("UV_HTTP_RETRIES",),
}
WITH_COMMAS = ("UV_FIND_LINKS",)
# How pip looks and where it keeps things: nothing that would be installed depends on it.
NO_MATTER = {
    "break-system-packages", "cache-dir", "compile", "disable-pip-version-check", "log", "no-cache-dir", "no-color", "no-compile",
    "no-input", "no-python-version-warning", "no-warn-script-location", "prefer-binary", "progress-bar", "quiet",
    "require-virtualenv", "root-user-action", "user", "verbose",
}  # fmt: skip


class Unfit(Exception):
    """uv would not do here what pip does. Says why."""


def path(venv: Path) -> Path:
    """Where pip puts it."""
    return venv / "bin" / "uv"


def is_there(venv: Path) -> bool:
    """In the version that is pinned here."""
    name, _, version = REQUIREMENT.partition("==")
    try:
        done = subprocess.run([str(path(venv)), "--version"], capture_output=True, encoding="utf-8", check=False)
    except OSError:
        return False
    return done.stdout.split()[:2] == [name, version]


def bundled_pip() -> Path:
    """pip in the wheel that ensurepip would unpack; runs as it is. Raises Unfit."""
    import ensurepip

    folders = [
        Path(ensurepip.__file__).parent / "_bundled",
        *map(Path, filter(None, [sysconfig.get_config_var("WHEEL_PKG_DIR")])),
    ]
    wheels = sorted(wheel for folder in (*folders, Path("/usr/share/python-wheels")) for wheel in folder.glob("pip-*.whl"))
    if not wheels:
        raise Unfit(f"Python at {sys.executable} brings no wheel of pip")
    return wheels[-1] / "pip"


def pip_settings(pip: Sequence[str]) -> dict[str, str]:
    """What pip's files and its variables say, the stronger one last: `{"index-url": "https://..."}`. Raises Unfit."""
    try:
        done = subprocess.run(
            [*pip, "--disable-pip-version-check", "config", "list"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SETTINGS_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Unfit(f"pip does not tell its settings: {problem}") from problem
    if done.returncode != 0:
        raise Unfit(f"pip does not tell its settings: {done.stderr.strip()}")
    return read_settings(done.stdout)


def read_settings(text: str) -> dict[str, str]:
    """Lines like `global.index-url='https://...'`. Of one name the section `install` beats `global`, and `:env:` both."""
    found: dict[str, tuple[int, str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        section, _, key = name.rpartition(".")
        strength = {"global": 0, "install": 1, ":env:": 2}.get(section)
        if not equals or strength is None:
            continue
        try:
            plain = str(ast.literal_eval(value))
        except (SyntaxError, ValueError):
            plain = value
        if strength >= found.get(key, (0, ""))[0]:
            found[key] = (strength, plain)
    return {key: value for key, (_, value) in found.items()}


def environment(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which uv finds what pip would. What is set for uv itself stays. Raises Unfit."""
    result = {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip: the newest of all indexes
        "UV_SYSTEM_CERTS": "1",
    }
    for key, value in settings.items():
        if key in NO_MATTER:
            continue
        if key not in IN_UV_WORDS:
            raise Unfit(f"pip's setting `{key}` is none that it knows")
        for name in IN_UV_WORDS[key]:
            result[name] = ",".join(value.split()) if name in WITH_COMMAS else " ".join(value.split())
    return {**result, **environ}
