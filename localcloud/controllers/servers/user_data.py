"""What user data asks cloud-init for: read as cloud-init 22.4 does, with what servers here cannot do named.

Scripts and other parts that are no cloud-config go to the server as they are. Keys that cloud-init itself does not know are
left to it: it warns of them in its log, as on CTyun.
"""

from __future__ import annotations

import base64
import binascii
import email
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

_LARGEST = 1 << 20  # bytes, unpacked
_SNIFFED = ("text/plain", "text/x-not-multipart", "text/x-shellscript")
_PACKED = re.compile(r"application/(x-)?(gzip(-compressed|ped)?|gunzip|compress(ed)?)")
_ARCHIVE, _CONFIG = "text/cloud-config-archive", "text/cloud-config"
_FORMS = {
    "#include-once": "text/x-include-once-url", "#include": "text/x-include-url", "#cloud-config-archive": _ARCHIVE,
    "#cloud-config-jsonp": "text/cloud-config-jsonp", "#cloud-config": _CONFIG, "## template: jinja": "text/jinja2",
    "#!": "text/x-shellscript", "#part-handler": "text/part-handler", "#cloud-boothook": "text/cloud-boothook",
}  # fmt: skip
_OPAQUE = {
    "text/x-include-once-url": "#include-once", "text/x-include-url": "#include", "text/jinja2": "a Jinja template",
    "text/cloud-config-jsonp": "#cloud-config-jsonp",
}  # fmt: skip
# By why they are refused; the modules behind them do not run, see cloud.cfg of the server image.
REFUSED = {
    "disks are the engines'; mkfs, mount and /etc/fstab in runcmd do it": (
        "mounts", "mount_default_fields", "swap", "disk_setup", "fs_setup", "device_aliases", "growpart", "resize_rootfs",
    ),
    "the image's package sources are those that are reachable from here; write_files and runcmd can add others": (
        "apt", "apt_pipelining", "apt_mirror", "apt_mirror_search", "apt_mirror_search_dns", "apt_sources", "apt_proxy",
        "apt_http_proxy", "apt_https_proxy", "apt_ftp_proxy", "apt_preserve_sources_list", "apt_custom_sources_list", "ca_certs",
        "ca-certs", "yum_repos", "yum_repo_dir", "zypper", "apk_repos", "snap",
    ),
    "the name is written by the engine, which takes hostname and fqdn": (
        "manage_etc_hosts", "preserve_hostname", "prefer_fqdn_over_hostname",
    ),
    "the network is set up from outside": (
        "resolv_conf", "manage_resolv_conf", "wireguard", "fan", "disable_ec2_metadata", "updates",
    ),
    "the clock and the kernel are this machine's": ("ntp", "grub_dpkg", "grub-dpkg", "drivers", "random_seed"),
    "the image's language stands; runcmd can change it": ("locale", "locale_configfile", "keyboard"),
    "the module is not in the image; runcmd can do the same": (
        "ssh_import_id", "rsyslog", "phone_home", "ansible", "chef", "puppet", "salt_minion", "mcollective", "landscape", "lxd",
        "rh_subscription", "spacewalk", "byobu_by_default", "autoinstall", "ubuntu_advantage", "ubuntu-advantage", "migrate",
    ),
    "the image's list of modules stands": ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules"),
}  # fmt: skip
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class UserData(NamedTuple):
    """`hostname`: "" when it names none. `problems`: what servers here cannot do with it, each a sentence's end."""

    hostname: str
    problems: tuple[str, ...]


@lru_cache(maxsize=256)
def read(encoded: str) -> UserData:
    """Of base64 text. Raises nothing: whatever is wrong is among the problems."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return UserData("", ("is not base64",))
    problems: list[str] = []
    configs = [config for config in (_config(text, problems) for text in _configs(raw, problems)) if config]
    names = [name for config in configs if (name := _name(config))]
    problems += [f"{name!r} is no host name" for name in names if not _LABEL.fullmatch(name)]
    for config in configs:
        problems += _not_done(config)
    return UserData(names[-1] if names and not problems else "", tuple(dict.fromkeys(problems)))


def _configs(raw: bytes, problems: list[str]) -> Iterator[str]:
    """Every cloud-config in it: alone, packed, in a MIME message or in an archive."""
    if raw.startswith(b"\x1f\x8b"):
        raw = _unpacked(raw, problems)
    if b"mime-version:" not in raw[:4096].lower():
        yield from _part("text/x-not-multipart", raw, problems)
        return
    for part in email.message_from_bytes(raw).walk():
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            yield from _part(part.get_content_type(), payload if isinstance(payload, bytes) else b"", problems)


def _unpacked(packed: bytes, problems: list[str]) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        raw = unpacking.decompress(packed, _LARGEST)
    except zlib.error as error:
        problems.append(f"looks like gzip and is none: {error}")
        return b""
    if unpacking.unconsumed_tail:
        problems.append(f"has more than {_LARGEST >> 20} MiB when it is unpacked")
    return raw


def _part(kind: str, raw: bytes, problems: list[str]) -> Iterator[str]:
    if _PACKED.fullmatch(kind):
        kind, raw = "text/plain", _unpacked(raw, problems)
    text = raw.decode("utf-8", "replace")
    if kind in _SNIFFED:
        kind = _form(text, kind)
    if kind in _OPAQUE:
        problems.append(
            f"is {_OPAQUE[kind]}, of which nobody knows before the server runs what it asks for; give what comes of it"
        )
    elif kind == _ARCHIVE:
        for item in _yaml(text, list, problems) or []:
            content, form = (item.get("content"), item.get("type")) if isinstance(item, dict) else (item, None)
            yield from _part(str(form or _form(str(content), _CONFIG)), str(content or "").encode(), problems)
    elif kind == _CONFIG:
        yield text


def _form(text: str, otherwise: str) -> str:
    """By its first line."""
    begin = text.lstrip().lower()
    return next((form for prefix, form in _FORMS.items() if begin.startswith(prefix)), otherwise)


def _yaml(text: str, wanted: type, problems: list[str]) -> Any:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        problems.append(f"is no YAML{where}, so cloud-init would pass over all of it")
        return None
    if found is not None and not isinstance(found, wanted):
        problems.append(f"must hold a {'mapping' if wanted is dict else 'list'}; cloud-init would pass over all of it")
        return None
    return found


def _config(text: str, problems: list[str]) -> Mapping[str, Any]:
    return {str(key): value for key, value in (_yaml(text, dict, problems) or {}).items()}


def _name(config: Mapping[str, Any]) -> str:
    """The first label, as cloud-init takes it."""
    return str(config.get("hostname") or config.get("fqdn") or "").partition(".")[0]


def _not_done(config: Mapping[str, Any]) -> Iterator[str]:
    """A key that asks for nothing (false, empty) is none."""
    for why, keys in REFUSED.items():
        asked = [key for key in keys if config.get(key)]
        if asked:
            yield f"asks cloud-init for {', '.join(asked)}, which servers here do not do: {why}"
    users = config.get("users")
    if isinstance(users, list) and any(isinstance(user, dict) and user.get("ssh_import_id") for user in users):
        yield "asks cloud-init for ssh_import_id of a user, which servers here do not do: ssh_authorized_keys has the same effect"
    power = config.get("power_state")
    if isinstance(power, dict) and str(power.get("delay", "now")) != "now":
        yield f"has power_state with delay {power['delay']!r}; servers here do it at once (now)"
