"""What CTyun accepts, as functions of one value. Each returns None, or the rest of a sentence that says what is wrong.

Lengths and alphabets are those of CTyun's API documents.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, ip_address
from pathlib import PurePosixPath
from typing import Any

from pulumi_ctyun.resources.declarations.model import Rule, Way, Whole

MARK_LENGTH = 25  # " [drlab:" + 16 + "]" behind a description; CTyun takes 128 characters in all
DESCRIPTION_LENGTH = 128 - MARK_LENGTH
USER_DATA_LENGTH = 16384  # of the base64 text, which is what the API counts
_LETTER = "A-Za-z\u4e00-\u9fff"
_NETWORK_NAME = re.compile(rf"[{_LETTER}][{_LETTER}0-9_-]{{1,31}}")
_SERVER_NAME = re.compile(r"(?=.{2,63}$)(?!\d+$)[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*", re.ASCII)
_KEY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
# What means something else in every server, what is nobody's own, and where the local cloud's public addresses are.
_NO_VPC = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/15", "224.0.0.0/3")))
LONGEST_LABEL = 32
KEY_LENGTH = 32
_FLAVOR = re.compile(r"[1-9]\d*C[1-9]\d*G|[a-z][a-z0-9]*(\.[a-z0-9]+)+")


def network_name(value: str) -> str | None:
    """Names of VPCs, subnets, security groups and EIPs."""
    if _NETWORK_NAME.fullmatch(value):
        return None
    return f"{value!r} is no name that CTyun takes: 2-32 letters, digits, '-' or '_', the first one a letter (Chinese ones count)"


def server_name(value: str) -> str | None:
    if _SERVER_NAME.fullmatch(value):
        return None
    return (
        f"{value!r} is no server name: 2-63 letters, digits, '-' or '.', not only digits, no '-' or '.' first, last or beside "
        "another (it becomes the host name)"
    )


def key_pair_name(value: str) -> str | None:
    if _KEY_NAME.fullmatch(value):
        return None
    return f"{value!r} is no key pair name: 2-63 letters, digits or '-', a letter first, no '-' last"


def description(value: str) -> str | None:
    if len(value) <= DESCRIPTION_LENGTH:
        return None
    return f"has {len(value)} characters; {DESCRIPTION_LENGTH} fit (CTyun's 128 less the mark of this stack)"


def cidr(shortest: int, longest: int) -> Rule:
    """An IPv4 network whose mask lies between the two."""

    def rule(value: str) -> str | None:
        try:
            network = IPv4Network(value, strict=False)
        except ValueError:
            return f"{value!r} is no IPv4 network; write it like 192.168.0.0/16"
        if "/" not in value or str(network) != value:
            return f"{value!r} has host bits set or is not in its usual form; did you mean {network}?"
        if not shortest <= network.prefixlen <= longest:
            return f"{value!r} has a mask of /{network.prefixlen}; CTyun takes /{shortest} to /{longest} here"
        return None

    return rule


def vpc_cidr(value: str) -> str | None:
    """The address space of a VPC."""
    if wrong := cidr(8, 28)(value):
        return wrong
    taken = [str(other) for other in _NO_VPC if IPv4Network(value).overlaps(other)]
    return f"{value!r} overlaps {', '.join(taken)}, which no VPC can have" if taken else None


def any_cidr(value: str) -> str | None:
    """A network as a rule's other side; 0.0.0.0/0 is everybody."""
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        return f"{value!r} is no IPv4 network; write it like 192.168.1.0/24 or 0.0.0.0/0"
    return None if str(network) == value else f"{value!r} has host bits set or is not in its usual form; did you mean {network}?"


def ipv4(value: str) -> str | None:
    try:
        IPv4Address(value)
    except ValueError:
        return f"{value!r} is no IPv4 address"
    return None


def address(value: str) -> str | None:
    try:
        ip_address(value)
    except ValueError:
        return f"{value!r} is no IP address"
    return None


def zone(value: str) -> str | None:
    return None if re.fullmatch(r"AZ[1-9]\d?", value) else f"{value!r} is no zone; zones are AZ1, AZ2, ... of the region"


def flavor(value: str) -> str | None:
    if _FLAVOR.fullmatch(value):
        return None
    return f"{value!r} is no flavour; write a size (2C4G: 2 CPUs, 4 GiB) or a name (s7.large.2)"


def ports(value: str) -> str | None:
    match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", value)
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        if 1 <= first <= last <= 65535:
            return None
    return f"{value!r} is no port or range; write 22 or 8000-9000, within 1-65535"


def within(low: int, high: int, unit: str = "") -> Rule:
    def rule(value: int) -> str | None:
        return None if low <= value <= high else f"is {value}{unit}; CTyun takes {low} to {high}{unit}"

    return rule


def grows(unit: str = "") -> Way:
    """For sizes that the cloud can only make larger."""

    def way(old: int, new: int) -> str | None:
        if new >= old:
            return None
        return f"is {new}{unit}; it has {old}{unit}, and CTyun only makes it larger: say {old}, or make another one and move"

    return way


def one_of(*choices: str) -> Rule:
    def rule(value: str) -> str | None:
        return None if value in choices else f"{value!r} is not one of {', '.join(choices)}"

    return rule


def not_empty(value: str) -> str | None:
    return None if value.strip() else "is empty"


def at_most(count: int) -> Rule:
    """For lists."""

    def rule(value: list[object]) -> str | None:
        return None if len(value) <= count else f"has {len(value)} entries; CTyun takes {count}"

    return rule


def each_of(rule: Callable[[str], str | None]) -> Rule:
    """For lists: all entries that are wrong, in one sentence."""

    def of_list(value: list[str]) -> str | None:
        return "; ".join(wrong for entry in value if (wrong := rule(entry))) or None

    return of_list


def at_least_one(value: list[object]) -> str | None:
    return None if value else "is empty; at least one is needed"


def numbers_within(low: int, high: int) -> Rule:
    """For lists of different numbers."""

    def rule(value: list[object]) -> str | None:
        known = [entry for entry in value if isinstance(entry, int)]
        if outside := [entry for entry in known if not low <= entry <= high]:
            return f"holds {', '.join(map(str, outside))}; CTyun takes {low} to {high}"
        return "holds the same number twice" if len(set(known)) < len(known) else None

    return rule


def none_twice(items: str, name: str) -> Whole:
    """For lists of objects that are told apart by one of their fields."""

    def rule(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        seen: dict[str, int] = {}
        for index, item in enumerate(given.get(items) or ()):
            value = item.get(name) if isinstance(item, Mapping) else None
            if isinstance(value, str):
                if value in seen:
                    yield f"{items}[{index}].{name}", f"{value!r} stands already in {items}[{seen[value]}]"
                seen.setdefault(value, index)

    return rule


def user_data(value: str) -> str | None:
    size = len(value.encode())
    encoded = (size + 2) // 3 * 4
    if encoded <= USER_DATA_LENGTH:
        return None
    return f"has {size} bytes, {encoded} in base64; CTyun takes {USER_DATA_LENGTH} ({USER_DATA_LENGTH // 4 * 3} bytes of text)"


def is_mixed(password: str) -> bool:
    """Of lower case, upper case, digits and others it holds three, as all of CTyun's passwords do."""
    return sum(bool(re.search(pattern, password)) for pattern in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]")) >= 3


def password(value: str) -> str | None:
    """CTyun's rule for server passwords. The text never shows the password."""
    if 8 <= len(value) <= 30 and is_mixed(value) and value.isprintable() and not value.startswith("/"):
        return None
    return (
        "is no password that CTyun takes: 8-30 printable characters, '/' not the first, three of lower case, upper case, "
        "digits, others"
    )


def account_key(value: str) -> str | None:
    """Of an account, access key and secret key alike. The text never shows it."""
    return None if len(value) == KEY_LENGTH else f"has {len(value)} characters; CTyun's keys have {KEY_LENGTH}"


def labels(value: Mapping[str, object]) -> str | None:
    """Of a server."""
    long = sorted({text for pair in value.items() for text in pair if isinstance(text, str) and len(text) > LONGEST_LABEL})
    if long:
        return f"holds {', '.join(map(repr, long))}; CTyun takes {LONGEST_LABEL} characters in a key and in a value"
    return "holds a key that is empty" if "" in value else None


def rsa_public_key(value: str) -> str | None:
    parts = value.split(None, 2)
    if len(value) <= 1024 and value.strip().isprintable() and parts[:1] == ["ssh-rsa"] and _rsa_bits(value) >= 1024:
        return None
    return "is no key that CTyun imports: one line 'ssh-rsa AAAA...', RSA only, of 1024 bits or more, at most 1024 characters"


def _rsa_bits(line: str) -> int:
    """Of the modulus, to the next eight; 0 when the body is not what its name says: name, exponent, modulus."""
    if not _has_key_body(line):
        return 0
    rest, numbers = base64.b64decode(line.split()[1]), list[bytes]()
    while rest:
        length = int.from_bytes(rest[:4], "big")
        numbers.append(rest[4 : 4 + length])
        if not length or len(numbers[-1]) < length:
            return 0
        rest = rest[4 + length :]
    return len(numbers[2]) * 8 if len(numbers) == 3 else 0


def host_public_key(value: str) -> str | None:
    if "\n" not in value.strip() and _has_key_body(value):
        return None
    return "is no public key line (ssh-ed25519 AAAA...)"


def _has_key_body(line: str) -> bool:
    parts = line.split()
    if len(parts) < 2:
        return False
    try:
        body = base64.b64decode(parts[1], validate=True)
    except (ValueError, binascii.Error):
        return False
    return body[4 : 4 + len(parts[0])] == parts[0].encode()


def private_key(value: str) -> str | None:
    """Only its form; the text never shows the key."""
    return None if value.startswith("-----BEGIN ") and "PRIVATE KEY-----" in value else "is no private key in PEM form"


def remote_path(value: str) -> str | None:
    path = PurePosixPath(value)
    if path.is_absolute() and ".." not in path.parts and "\0" not in value and len(path.parts) > 1:
        return None
    return f"{value!r} is no absolute path on the server"


def mode(value: str) -> str | None:
    return None if re.fullmatch(r"0?[0-7]{3}", value) else f"{value!r} is no file mode; write it like 0644"


def owner(value: str) -> str | None:
    if re.fullmatch(r"[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*", value):
        return None
    return f"{value!r} is no owner; write user:group, like root:root"


def user_name(value: str) -> str | None:
    return None if re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", value) else f"{value!r} is no user name"
