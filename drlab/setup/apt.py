"""How this machine reaches Debian's packages: sources, proxy, certificates. Images that install packages need the same.

Into images, never into state: a bare server with an EIP installs its packages with them, as on the machine itself. Two things
stay out of the finished image and serve the build alone: a proxy with a password in its address, and a proxy on loopback.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CODENAME = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
OWN_CERTIFICATES = Path("/usr/local/share/ca-certificates")
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
IMAGE_CERTIFICATES = "usr/local/share/drlab/certificates.crt"
# Debian's suites of one release: bookworm, bookworm-updates, bookworm-security, bookworm-backports.
SUITE = re.compile(r"^(?P<release>[a-z]+)(?P<kind>-updates|-security|/updates)?$")
RELEASES = ("bookworm", "trixie", "forky", "sid", "testing", "stable", "oldstable", "unstable")


@dataclass(frozen=True)
class Source:
    """One archive, as apt's files name it."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]

    @property
    def is_security(self) -> bool:
        return "security" in self.uri or any("security" in suite or "/updates" in suite for suite in self.suites)


def parse_sources(text: str) -> list[Source]:
    """apt's one-line format. Comments, options and deb-src lines are left out."""
    found = []
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line.partition("#")[0]).split()
        if len(words) >= 3 and words[0] == "deb":
            found.append(Source(words[1].rstrip("/"), (words[2],), tuple(words[3:])))
    return found


def parse_deb822(text: str) -> list[Source]:
    """apt's stanza format (`*.sources`)."""
    found = []
    for stanza in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields = {key.lower(): value.split() for key, value in re.findall(r"(?m)^([A-Za-z-]+):((?:.*(?:\n[ \t].*)*))", stanza)}
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        for uri in fields.get("uris", []):
            found.append(Source(uri.rstrip("/"), tuple(fields.get("suites", ())), tuple(fields.get("components", ()))))
    return found


def host_sources(etc: Path = Path("/etc/apt")) -> list[Source]:
    """Debian's own archives among the machine's sources; other vendors' are left out."""
    found: list[Source] = []
    main = etc / "sources.list"
    for path in [main, *sorted((etc / "sources.list.d").glob("*.list"))]:
        found += parse_sources(path.read_text(errors="replace", encoding="utf-8")) if path.exists() else []
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        found += parse_deb822(path.read_text(errors="replace", encoding="utf-8"))
    return [source for source in found if _is_debian(source)]


def _is_debian(source: Source) -> bool:
    matches = [SUITE.match(suite) for suite in source.suites]
    return "main" in source.components and any(match and match["release"] in RELEASES for match in matches)


def mirror(sources: Iterable[Source], environ: Mapping[str, str] | None = None) -> str | None:
    """Where debootstrap takes packages from: DRLAB_DEBIAN_MIRROR, else the machine's first archive that is not for security."""
    chosen = (os.environ if environ is None else environ).get("DRLAB_DEBIAN_MIRROR")
    return chosen or next((source.uri for source in sources if not source.is_security), None)


def image_sources(sources: Iterable[Source]) -> str:
    """The machine's archives as one `debian.sources` for the images' own release."""
    stanzas = []
    for source in sources:
        suites = sorted({CODENAME + (match["kind"] or "") for suite in source.suites if (match := SUITE.match(suite))})
        stanza = f"Types: deb\nURIs: {source.uri}\nSuites: {' '.join(suites)}\nComponents: main\nSigned-By: {KEYRING}\n"
        if stanza not in stanzas:
            stanzas.append(stanza)
    return "\n".join(stanzas)


def apt_proxies(dump: Callable[[], str] | None = None) -> dict[str, str]:
    """`{"http": "http://proxy:3128"}` from apt's settings."""
    text = (dump or _apt_config)()
    return dict(re.findall(r'(?im)^Acquire::(https?)::Proxy "([^"]+)";$', text))


def _apt_config() -> str:
    try:
        return subprocess.run(
            ["apt-config", "dump"], capture_output=True, encoding="utf-8", errors="replace", timeout=20, check=False
        ).stdout
    except OSError:
        return ""


def build_environment(proxies: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Proxy variables for a build; what the user's environment says wins over apt's settings."""
    found = {f"{scheme}_proxy": address for scheme, address in proxies.items() if address.upper() != "DIRECT"}
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        if value := environ.get(name) or environ.get(name.upper()):
            found[name] = value
    return found


def may_stay_in_image(proxy: str) -> bool:
    """Not with a password, and not on loopback: in a server 127.0.0.1 is the server."""
    parts = urlsplit(proxy)
    host = parts.hostname or ""
    return parts.password is None and not (host in ("localhost", "::1") or host.startswith("127."))


def host_files(
    sources: list[Source], proxies: Mapping[str, str], environ: Mapping[str, str], certificates: Path = OWN_CERTIFICATES
) -> dict[str, bytes]:
    """Path in the image -> content: what makes `apt-get install` work there as it works here."""
    files: dict[str, bytes] = {}
    if sources:
        files["etc/apt/sources.list"] = b"# see sources.list.d\n"
        files["etc/apt/sources.list.d/debian.sources"] = image_sources(sources).encode()
    settings = [f'Acquire::{scheme}::Proxy "{proxy}";' for scheme, proxy in proxies.items() if may_stay_in_image(proxy)]
    bundle = Path(environ.get("SSL_CERT_FILE") or SYSTEM_CERTIFICATES)
    if any(source.uri.startswith("https:") for source in sources) and bundle.exists():
        # A bare image has no certificates at all, so not even the package that brings them could be fetched.
        files[IMAGE_CERTIFICATES] = bundle.read_bytes()
        settings.append(f'Acquire::https::CAInfo "/{IMAGE_CERTIFICATES}";')
    for path in sorted(certificates.rglob("*.crt")):
        files[f"usr/local/share/ca-certificates/{path.name}"] = path.read_bytes()
    if settings:
        files["etc/apt/apt.conf.d/90drlab-host"] = ("\n".join(settings) + "\n").encode()
    return files
