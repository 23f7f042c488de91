"""Settings files that systemd reads (`EnvironmentFile=`), and the site's scripts with it: one `NAME=value` per line."""

from __future__ import annotations

import re

from pulumi import Input, Output

_BARE = re.compile(r"[!#-&(-\[\]^-~]*")  # all printable ASCII but space, quotes and backslash


def settings_file(**values: Input[str]) -> Output[str]:
    """Its text. Values are one line each; a password may be any that MySQL's accounts have."""
    return Output.all(**values).apply(lambda known: "".join(line(name, value) for name, value in known.items()))


def line(name: str, value: str) -> str:
    r"""What cannot stand bare stands in double quotes, with a backslash before each " \ $ and `."""
    if _BARE.fullmatch(value):
        return f"{name}={value}\n"
    escaped = re.sub(r'["\\$`]', r"\\\g<0>", value)
    return f'{name}="{escaped}"\n'
