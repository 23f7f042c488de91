"""The machine's own way to Debian's packages, carried into images: sources yes, passwords no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drlab.setup.apt import (
    Source,
    apt_proxies,
    build_environment,
    host_files,
    host_sources,
    image_sources,
    may_stay_in_image,
    mirror,
)

ONE_LINE = """
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/x.gpg] http://mirror.example/debian/ bookworm main contrib
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb http://vendor.example/apt cloud-sdk-bookworm main
"""
STANZAS = """
Types: deb deb-src
# http://comment.example
URIs: http://a.example/debian http://b.example/debian
Suites: bookworm
  bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_one_line_sources_of_debian_alone(etc: Any) -> None:
    (etc / "sources.list").write_text(ONE_LINE)
    assert host_sources(etc) == [
        Source("http://mirror.example/debian", ("bookworm",), ("main", "contrib")),
        Source("http://mirror.example/debian-security", ("bookworm-security",), ("main",)),
    ]


def test_stanzas(etc: Any) -> None:
    (etc / "sources.list.d/debian.sources").write_text(STANZAS)
    assert [source.uri for source in host_sources(etc)] == ["http://a.example/debian", "http://b.example/debian"]
    assert host_sources(etc)[0].suites == ("bookworm", "bookworm-updates")


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert host_sources(tmp_path / "absent") == []
    assert mirror([], {}) is None


def test_the_mirror_is_the_first_that_is_not_for_security_or_the_users_choice() -> None:
    sources = [
        Source("http://s.example/debian-security", ("bookworm-security",), ("main",)),
        Source("http://m.example", ("bookworm",), ("main",)),
    ]
    assert mirror(sources, {}) == "http://m.example"
    assert mirror(sources, {"DRLAB_DEBIAN_MIRROR": "http://own.example"}) == "http://own.example"


def test_sources_of_another_release_serve_the_images_release() -> None:
    text = image_sources([Source("http://m.example/debian", ("trixie", "trixie-updates"), ("main", "contrib"))])
    assert "Suites: bookworm bookworm-updates\nComponents: main\n" in text


def test_proxies_of_apt_and_of_the_environment() -> None:
    dump = 'Acquire::http::Proxy "http://apt.example:3142";\nAcquire::https::Proxy "DIRECT";\nAPT::Foo "x";\n'
    proxies = apt_proxies(lambda: dump)
    assert build_environment(proxies, {}) == {"http_proxy": "http://apt.example:3142"}
    environ = {"HTTP_PROXY": "http://user.example:1", "no_proxy": "localhost", "PATH": "/bin"}
    assert build_environment(proxies, environ) == {"http_proxy": "http://user.example:1", "no_proxy": "localhost"}


@pytest.mark.parametrize(
    ("proxy", "stays"),
    [
        ("http://proxy.example:3128", True),
        ("http://user:secret@proxy.example:3128", False),
        ("http://127.0.0.1:3142", False),
        ("http://localhost:3142", False),
        ("http://[::1]:3142", False),
    ],
)
def test_which_proxy_may_stay_in_a_finished_image(proxy: str, stays: bool, tmp_path: Path) -> None:
    assert may_stay_in_image(proxy) is stays
    files = host_files([], {"http": proxy}, {}, tmp_path)
    assert (proxy.encode() in b"".join(files.values())) is stays


def test_an_https_mirror_brings_the_machines_certificates(tmp_path: Path) -> None:
    (bundle := tmp_path / "bundle").write_text("CERTIFICATES")
    (own := tmp_path / "own").mkdir()
    (own / "school.crt").write_text("SCHOOL")
    secure = [Source("https://m.example/debian", ("bookworm",), ("main",))]
    files = host_files(secure, {}, {"SSL_CERT_FILE": str(bundle)}, own)
    assert files["usr/local/share/drlab/certificates.crt"] == b"CERTIFICATES"
    assert files["usr/local/share/ca-certificates/school.crt"] == b"SCHOOL"
    assert b'CAInfo "/usr/local/share/drlab/certificates.crt"' in files["etc/apt/apt.conf.d/90drlab-host"]
    plain = host_files(
        [Source("http://m.example/debian", ("bookworm",), ("main",))], {}, {"SSL_CERT_FILE": str(bundle)}, tmp_path / "no"
    )
    assert sorted(plain) == ["etc/apt/sources.list", "etc/apt/sources.list.d/debian.sources"]
