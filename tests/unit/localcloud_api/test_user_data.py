"""What user data asks cloud-init for: taken, or refused by name; nothing is passed over in silence."""

from __future__ import annotations

import base64
import gzip
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
import yaml

from localcloud.controllers.servers.user_data import REFUSED, UserData, read

CONFIG = Path(__file__).parents[3] / "localcloud/images/server/rootfs/etc/cloud/cloud.cfg"
SWAP = "#cloud-config\nswap: {filename: /swap.img, size: 1G}\n"


def said(text: str | bytes) -> UserData:
    return read(base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode())


def problems(text: str | bytes) -> str:
    return "; ".join(said(text).problems)


def message(*parts: tuple[str, str]) -> bytes:
    """(subtype, text) as a MIME message."""
    whole = MIMEMultipart()
    for subtype, text in parts:
        whole.attach(MIMEText(text, subtype))
    return whole.as_bytes()


@pytest.mark.parametrize("key", [key for keys in REFUSED.values() for key in keys])
def test_each_key_whose_module_does_not_run_is_refused_by_name(key: str) -> None:
    assert f" {key}, which servers here do not do: " in problems(f"#cloud-config\n{key}: [something]\n")
    assert problems(f"#cloud-config\n{key}: false\n") == "", "it asks for nothing"


def test_no_key_of_a_module_that_runs_is_refused() -> None:
    """Module names and keys as in cloud-init's own table of what sets a module off."""
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    modules = {name for kind in ("init", "config", "final") for name in settings[f"cloud_{kind}_modules"]}
    keys = {
        "bootcmd": ["bootcmd"], "write-files": ["write_files"], "users-groups": ["users", "groups", "user"],
        "ssh": ["ssh_keys", "ssh_authorized_keys", "disable_root"], "set-passwords": ["ssh_pwauth", "chpasswd", "password"],
        "timezone": ["timezone"], "runcmd": ["runcmd"], "final-message": ["final_message"], "power-state-change": ["power_state"],
        "package-update-upgrade-install": ["packages", "package_update", "package_upgrade"],
    }  # fmt: skip
    assert keys.keys() <= modules
    for key in [key for known in keys.values() for key in known]:
        assert problems(f"#cloud-config\n{key}: [something]\n") == "", key
    silent = {"write-files-deferred", "scripts-vendor", "scripts-per-once", "scripts-per-boot", "scripts-per-instance"}
    assert modules == keys.keys() | silent | {"scripts-user"}, "another module runs: say which keys are its own"


def test_all_that_is_refused_is_named_at_once() -> None:
    text = "#cloud-config\nmounts: [[vdb, /srv]]\nswap: {size: 1}\nntp: {enabled: true}\nusers: [{name: a, ssh_import_id: b}]\n"
    found = problems(text)
    for word in ("mounts, swap", "/etc/fstab in runcmd", "ntp", "ssh_import_id of a user"):
        assert word in found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hostname: Web\nfqdn: other.example.com", "Web"),
        ("fqdn: shop.example.com", "shop"),
        ("hostname: shop.example.com", "shop"),
        ("runcmd: [ls]", ""),
    ],
)
def test_a_host_name_is_taken(text: str, name: str) -> None:
    assert said(f"#cloud-config\n{text}\n") == UserData(name, ())


def test_what_cannot_be_a_host_name_is_refused() -> None:
    assert problems("#cloud-config\nhostname: a b\n") == "'a b' is no host name"


def test_a_power_state_is_taken_at_once_only() -> None:
    assert problems("#cloud-config\npower_state: {mode: reboot, message: bye, timeout: 5, condition: true}\n") == ""
    assert problems("#cloud-config\npower_state: {mode: poweroff, delay: now}\n") == ""
    assert "with delay 30" in problems("#cloud-config\npower_state: {mode: reboot, delay: 30}\n")


@pytest.mark.parametrize(
    "text",
    [
        gzip.compress(SWAP.encode()),
        message(("x-shellscript", "#!/bin/sh\n"), ("cloud-config", "swap: {size: 1}\n")),
        message(("plain", SWAP)),
        "#cloud-config-archive\n- '#!/bin/sh'\n- swap: 1\n  type: text/cloud-config\n  content: 'swap: 1'\n",
        "#cloud-config-archive\n- |\n  #cloud-config\n  swap: 1\n",
    ],
    ids=["packed", "message", "message without a type", "archive", "archive without a type"],
)
def test_cloud_config_is_found_in_every_form(text: str | bytes) -> None:
    assert "for swap, which" in problems(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#include https://198.18.0.1/x\n", "is #include, of which nobody knows"),
        ("## template: jinja\n#cloud-config\nswap: 1\n", "is a Jinja template, of which nobody knows"),
        ('#cloud-config-jsonp\n[{"op": "add", "path": "/swap", "value": 1}]\n', "is #cloud-config-jsonp"),
        (message(("x-include-url", "https://198.18.0.1/x")), "is #include"),
        ("#cloud-config\na: [\n", "is no YAML in line 3"),
        ("#cloud-config\n- a\n", "must hold a mapping"),
        (gzip.compress(b"#" * (2 << 20)), "more than 1 MiB"),
        (b"\x1f\x8bnothing", "looks like gzip and is none"),
    ],
)
def test_what_cannot_be_looked_into_is_refused(text: str | bytes, words: str) -> None:
    assert words in problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/sh\nswap: 1\n",
        "#cloud-boothook\nswap: 1\n",
        "just text",
        "#cloud-config\n",
        message(("x-shellscript", "#!/bin/sh")),
    ],
)
def test_what_is_no_cloud_config_is_left_alone(text: str | bytes) -> None:
    assert said(text) == UserData("", ())
