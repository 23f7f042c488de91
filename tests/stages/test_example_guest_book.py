"""The second example, for real: plain Pulumi brings it up, guests come over HTTPS, plain Pulumi takes it down."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.lab import ROOT, Lab
from support.waiting import until

pytestmark = pytest.mark.stage

EXAMPLE = ROOT / "examples/guest_book"
HERE = ("-C", str(EXAMPLE), "-s", "mine")
HOST = "guests.test"
SERVERS = {"web-az1", "web-az2", "web-az3"}


@dataclass(frozen=True)
class Guest:
    """Somebody with curl who trusts one certificate and finds the site at one address."""

    certificate: Path
    address: str

    def ask(self, *arguments: str) -> str:
        """Headers and page; empty if there was no good answer."""
        trust = ["--cacert", str(self.certificate), "--resolve", f"{HOST}:443:{self.address}"]
        asked = ["curl", "-sS", "-i", "--fail", "-m", "5", *trust, *arguments, f"https://{HOST}/"]
        return subprocess.run(asked, capture_output=True, text=True).stdout


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """As the example's README says: the certificate and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    ask = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    subprocess.run([*ask, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True, timeout=60)
    return certificate, key


def configure(lab: Lab, file: Path, *arguments: str) -> None:
    """`pulumi config set ... < file`."""
    command = [str(ROOT / ".venv/bin/pulumi"), "config", "set", *arguments, *HERE]
    subprocess.run(command, env=lab.environment, input=file.read_bytes(), check=True, capture_output=True, timeout=60)


def test_guests_sign_over_https_on_any_of_three_servers(own_lab: Lab, tmp_path: Path) -> None:
    own_lab.run("cloud", "start")
    own_lab.run("preview", "single-host")  # sets up the engine
    certificate, key = make_certificate(tmp_path)
    own_lab.pulumi("stack", "init", *HERE)
    try:
        configure(own_lab, certificate, "certificate")
        configure(own_lab, key, "--secret", "privateKey")
        own_lab.pulumi("up", "--yes", "--skip-preview", *HERE, timeout=300)
        outputs = json.loads(own_lab.pulumi("stack", "output", "--json", *HERE).stdout)
        assert outputs["url"] == f"https://{outputs['address']}"
        visit(Guest(certificate, outputs["address"]))
        unchanged = own_lab.pulumi("preview", "--expect-no-changes", *HERE, check=False)
        assert unchanged.returncode == 0, unchanged.stdout + unchanged.stderr
    finally:
        own_lab.pulumi("destroy", "--yes", "--skip-preview", *HERE, timeout=240)
        own_lab.pulumi("stack", "rm", "--yes", *HERE)


def visit(guest: Guest) -> None:
    until(lambda: "Guest book" in guest.ask(), 60, "the guest book over HTTPS")
    assert "<li>Ada &amp; Grace</li>" in guest.ask("--data-urlencode", "guest=Ada & Grace")
    pages: dict[str, str] = {}

    def all_have_answered() -> bool:
        page = guest.ask()
        pages.update({server: page for server in SERVERS if f"x-server: {server}" in page.lower()})
        return pages.keys() == SERVERS

    until(all_have_answered, 60, "an answer of every server")
    assert [server for server, page in pages.items() if "<li>Ada &amp; Grace</li>" not in page] == [], pages
    plain = subprocess.run(["curl", "-sS", "-m", "5", f"http://{guest.address}/"], capture_output=True, text=True)
    assert plain.returncode != 0, "there is no way in without HTTPS"
