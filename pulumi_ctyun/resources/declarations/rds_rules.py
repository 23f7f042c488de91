"""What RDS for MySQL accepts. As in `rules`: None, or the rest of a sentence that says what is wrong."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from pulumi_ctyun.resources.declarations import rules

_INSTANCE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{3,63}")
_DATABASE_NAME = re.compile(r"[a-z](?:[a-z0-9_]{0,62}[a-z0-9])?")
_ACCOUNT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}[A-Za-z0-9]")
_LIST_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}[a-z0-9]")
_OWN_DATABASES = frozenset({"mysql", "sys", "information_schema", "performance_schema"})
_OWN_ACCOUNTS = frozenset({"root", "mysql", "mariadb"})
_OWN_PREFIX = "drlab_"  # the local cloud's, which keeps its instances by such accounts


def instance_name(value: str) -> str | None:
    if _INSTANCE_NAME.fullmatch(value):
        return None
    return f"{value!r} is no name of an instance: 4-64 letters, digits, '-' or '_', the first one a letter"


def size(value: str) -> str | None:
    return None if re.fullmatch(r"[1-9]\d*C[1-9]\d*G", value) else f"{value!r} is no size; write 2C4G for 2 CPUs and 4 GiB"


def size_grows(old: str, new: str) -> str | None:
    """CTyun takes neither CPUs nor memory away."""
    before, after = (tuple(map(int, re.findall(r"\d+", value))) for value in (old, new))
    if all(more >= less for less, more in zip(before, after, strict=True)):
        return None
    return f"is {new}; it has {old}, and CTyun takes neither CPUs nor memory away: say {old} or a larger one"


def database_name(value: str) -> str | None:
    if value.lower() in _OWN_DATABASES:
        return f"{value!r} is a database of the server's own; choose another name"
    if _DATABASE_NAME.fullmatch(value):
        return None
    return f"{value!r} is no database name: 1-64 lower-case letters, digits or '_', a letter first, no '_' last"


def account_name(value: str) -> str | None:
    if value.lower() in _OWN_ACCOUNTS or value.lower().startswith(_OWN_PREFIX):
        return f"{value!r} is an account of the server's own; choose another name"
    if _ACCOUNT_NAME.fullmatch(value):
        return None
    return f"{value!r} is no account name: 2-32 letters, digits or '_', a letter first, no '_' last"


def white_list_name(value: str) -> str | None:
    if _LIST_NAME.fullmatch(value):
        return None
    return f"{value!r} is no name of a white list: 2-32 lower-case letters, digits or '_', a letter first, no '_' last"


def charset(value: str) -> str | None:
    return None if re.fullmatch(r"[a-z0-9_]{2,32}", value) else f"{value!r} is no character set; write utf8mb4"


def password_characters(value: str) -> str | None:
    """All that a password is made of. The text shows what does not belong there, never the password."""
    if wrong := sorted({character for character in value if not "!" <= character <= "~"}):
        return f"holds {', '.join(map(repr, wrong))}; CTyun takes printable ASCII characters, and no space"
    return None if value else "is empty"


def password(value: str) -> str | None:
    """The text never shows the password."""
    if wrong := password_characters(value):
        return wrong
    if 8 <= len(value) <= 32 and rules.is_mixed(value):
        return None
    return "is no password that CTyun takes: 8-32 characters, three of lower case, upper case, digits, others"


def address_or_network(value: str) -> str | None:
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        return f"{value!r} is no IPv4 address or network; write it like 192.168.1.7 or 192.168.1.0/24"
    if "/" in value and str(network) != value:
        return f"{value!r} has host bits set or is not in its usual form; did you mean {network}?"
    return None
