"""The process's parts that need no process: state folder, record, port, certificates, command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from localcloud.__main__ import main
from localcloud.serve import PortTaken, listen
from localcloud.state import StateError, StateFolder, default_folder
from localcloud.tls import server_context


def test_keys_survive_and_the_record_is_private(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    record = replace(folder.open(), url="http://127.0.0.1:8750", pid=42, internet_cidr="198.18.0.0/20")
    folder.write(record)
    file = tmp_path / "state/cloud.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    body = json.loads(file.read_text())
    assert set(body) == {"id", "url", "tlsUrl", "caFile", "accessKey", "secretKey", "localKey", "pid", "internetCidr"}
    assert (len(body["id"]), len(body["accessKey"]), len(body["secretKey"])) == (6, 32, 32)
    folder.close(record)
    assert json.loads(file.read_text())["pid"] is None
    assert StateFolder(tmp_path / "state").open().identity == record.identity


def test_one_daemon_per_folder(tmp_path: Path) -> None:
    first = StateFolder(tmp_path)
    record = first.open()
    with pytest.raises(StateError, match="already runs on"):
        StateFolder(tmp_path).open()
    first.close(record)


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "cloud.json").write_text("{")
    with pytest.raises(StateError, match=r"cloud\.json is damaged"):
        StateFolder(tmp_path).record()


def test_where_the_state_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRLAB_STATE", "/somewhere")
    assert default_folder() == Path("/somewhere")
    monkeypatch.delenv("DRLAB_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert default_folder() == Path("/x/drlab")


def test_a_taken_port_is_passed_over_unless_it_was_asked_for() -> None:
    with listen(None, 20750) as first:
        port = first.getsockname()[1]
        with listen(None, port) as second:
            assert second.getsockname()[1] > port
        with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1 is taken"):
            listen(port)


@pytest.mark.parametrize("name", ["localhost", "ctvpc-global.ctapi.ctyun.cn", "anything-global.ctapi.ctyun.cn"])
def test_the_certificate_is_good_for_every_product_host(tmp_path: Path, name: str) -> None:
    context, ca_file = server_context(tmp_path / "tls", "abc123")
    again, _ = server_context(tmp_path / "tls", "abc123")
    client = ssl.create_default_context(cafile=str(ca_file))

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await close(writer)

    async def close(writer: asyncio.StreamWriter) -> None:
        writer.close()
        with contextlib.suppress(OSError):  # the other side may be faster
            await writer.wait_closed()

    async def connect() -> str:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=again)
        async with server:
            port = server.sockets[0].getsockname()[1]
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
            version = writer.get_extra_info("ssl_object").version()
            await close(writer)
            return str(version)

    assert context is not again
    assert asyncio.run(connect()).startswith("TLS")
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "tls").iterdir())


def test_scan_of_a_folder_without_a_cloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--state", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_serve_on_a_taken_port_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.umask", lambda mask: mask)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--state", str(tmp_path / "state"), "--port", str(port)]) == 1
    assert f"Port {port} on 127.0.0.1 is taken" in capsys.readouterr().err


@pytest.mark.parametrize("mixed", ["ca.key", "ca.pem", "server.key", "server.pem"])
@pytest.mark.parametrize("content", ["another's", "half"])
def test_a_pair_that_does_not_match_is_made_again(tmp_path: Path, mixed: str, content: str) -> None:
    server_context(tmp_path / "other", "abc123")
    server_context(tmp_path / "tls", "abc123")
    other = (tmp_path / "other" / mixed).read_bytes()
    (tmp_path / "tls" / mixed).write_bytes(other if content == "another's" else other[:60])
    _, ca_file = server_context(tmp_path / "tls", "abc123")
    ca, cert = (x509.load_pem_x509_certificate((tmp_path / "tls" / name).read_bytes()) for name in (ca_file.name, "server.pem"))
    cert.verify_directly_issued_by(ca)
    assert sorted(file.name for file in (tmp_path / "tls").iterdir()) == ["ca.key", "ca.pem", "server.key", "server.pem"]


def test_serve_says_so_when_no_port_is_left_for_tls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_port(wanted: int | None, first: int = 8750) -> socket.socket:
        if wanted is None:
            raise PortTaken(f"No port from {first} is free")
        return listen(wanted)

    monkeypatch.setattr("os.umask", lambda mask: mask)
    monkeypatch.setattr("localcloud.serve.listen", one_port)
    assert main(["serve", "--state", str(tmp_path / "state"), "--port", "0", "--tls"]) == 1
    assert "No port from" in capsys.readouterr().err


def test_there_is_no_port_above_the_last() -> None:
    with pytest.raises(PortTaken):
        listen(None, 1 << 16)
