"""The site's fixed interface, its pages, and what is left of it without the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import Any

import httpx
import pytest
from support.waiting import wait_until

pytestmark = pytest.mark.contract

PLACE = {"server": "web-01", "zone": "AZ1"}
ANSWER_LIMIT_S = 2.0
CHECK_LIMIT_S = 1.5  # a balancer waits 2 s
VISITORS = 20

SILENT = (
    "nft 'add table inet cut; add chain inet cut in { type filter hook input priority 0; };"
    " add rule inet cut in tcp dport 3306 drop'",
    "nft delete table inet cut",
)

BAD_POSTS = {
    "no id": {"text": "x"},
    "no text": {"id": "a"},
    "id with a space": {"id": "a b", "text": "x"},
    "id too long": {"id": "a" * 65, "text": "x"},
    "id with a newline at its end": {"id": "a\n", "text": "x"},
    "blank text": {"id": "a", "text": "  "},
    "text too long": {"id": "a", "text": "汉" * 501},
}


def place(server: Any) -> dict[str, str]:
    return {**PLACE, "databaseHost": server.address}


def rows(site: httpx.Client) -> int:
    return int(site.get("/api.php").json()["rows"])


@contextmanager
def broken(server: Any, how: str, repair: str) -> Iterator[None]:
    """Something done to the database, undone at the end."""
    server.run(how)
    try:
        yield
    finally:
        server.run(repair)
        wait_until(lambda: httpx.get(f"http://{server.address}/api.php", trust_env=False).status_code == 200, 30, "recovery")


def restart(server: Any) -> None:
    """Apache with its present settings; systemd refuses what is started too often."""
    server.run("systemctl reset-failed apache2; systemctl restart apache2")


def test_state(site: httpx.Client, site_server: Any) -> None:
    answer = site.get("/api.php")
    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["server", "zone", "databaseHost", "rows", "time"]
    assert {key: body[key] for key in place(site_server)} == place(site_server)
    assert datetime.fromisoformat(body["time"]).tzinfo is not None
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-hr-database-server"] == "web-01"


def test_an_entry_is_written_once_and_read_back(site: httpx.Client, site_server: Any) -> None:
    before, text = rows(site), "演练 '); DROP TABLE entries;-- <b>😀"
    written = site.post("/api.php", data={"id": "Probe:1", "text": text})
    assert (written.status_code, written.json()) == (201, {"id": "Probe:1", **place(site_server)})
    again = site.post("/api.php", data={"id": "Probe:1", "text": "other"})
    assert again.status_code == 409
    assert site.post("/api.php", data={"id": "probe:1", "text": "case matters"}).status_code == 201
    read = site.get("/api.php", params={"id": "Probe:1"})
    body = read.json()
    assert datetime.fromisoformat(body.pop("time")).tzinfo is not None
    assert (read.status_code, body) == (200, {"id": "Probe:1", "text": text, **PLACE})
    assert rows(site) == before + 2


def test_an_unknown_entry_is_not_found(site: httpx.Client) -> None:
    assert site.get("/api.php", params={"id": "nobody"}).status_code == 404


@pytest.mark.parametrize("form", BAD_POSTS.values(), ids=BAD_POSTS.keys())
def test_bad_input_is_refused_and_writes_nothing(site: httpx.Client, form: dict[str, str]) -> None:
    before = rows(site)
    answer = site.post("/api.php", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert rows(site) == before


def test_bytes_that_are_not_text_are_refused(site: httpx.Client) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert site.post("/api.php", content=b"id=bytes&text=\xff\xfe", headers=form).status_code == 400
    assert site.get("/api.php?id[]=a").status_code == 400
    assert site.get("/api.php?id=").status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(site: httpx.Client, method: str) -> None:
    answer = site.request(method, "/api.php")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    ("how", "repair"),
    [
        pytest.param("systemctl stop mariadb", "systemctl start mariadb", id="stopped"),
        pytest.param("kill -STOP $(pidof mariadbd)", "kill -CONT $(pidof mariadbd)", id="frozen"),
        pytest.param(*SILENT, id="silent"),
    ],
)
def test_without_the_database(site: httpx.Client, site_server: Any, how: str, repair: str) -> None:
    with broken(site_server, how, repair):
        answers = [site.get("/api.php"), site.post("/api.php", data={"id": "lost", "text": "x"}), site.get("/database.php")]
        for answer in answers:
            assert answer.status_code == 503
            assert answer.elapsed.total_seconds() < ANSWER_LIMIT_S
        body = answers[0].json()
        assert "does not answer" in body.pop("error")
        assert body == place(site_server)
        check = site.get("/health.php")
        assert (check.status_code, check.json()["fault"]) == (200, None), (
            "it is away for all servers: no reason to take this one out"
        )
        assert check.elapsed.total_seconds() < CHECK_LIMIT_S
        for path in ("/", "/css/site.css", "/images/logo.svg", "/upload/handbook.txt"):
            assert site.get(path).status_code == 200


def test_a_check_does_not_wait_behind_visitors_who_wait_for_the_database(site: httpx.Client, site_server: Any) -> None:
    under_way = Event()

    def visit(_: int) -> set[int]:
        seen = set()
        for _again in range(3):
            seen.add(httpx.get(f"http://{site_server.address}/api.php", timeout=20, trust_env=False).status_code)
            under_way.set()
        return seen

    with broken(site_server, *SILENT), ThreadPoolExecutor(VISITORS) as pool:
        visits = [pool.submit(visit, number) for number in range(VISITORS)]
        assert under_way.wait(10)
        check = httpx.get(f"http://{site_server.address}/health.php", timeout=20, trust_env=False)  # on a connection of its own
        assert [visit.result() for visit in visits] == [{503}] * VISITORS
    assert (check.status_code, check.elapsed.total_seconds() < CHECK_LIMIT_S) == (200, True), check.elapsed


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"password": "yesterdays"}, "refuses the request", id="another password"),
        pytest.param({"DBNAME": "another"}, "refuses the request", id="a database of others"),
        pytest.param({"IP": ""}, "no database is configured", id="no settings"),
    ],
)
def test_a_check_fails_for_what_is_this_servers_own_fault(
    site: httpx.Client, site_server: Any, settings: Callable[..., None], changed: dict[str, str], says: str
) -> None:
    assert site.get("/health.php").json() == {**PLACE, "fault": None}
    settings(site_server, **changed)
    try:
        restart(site_server)
        check = site.get("/health.php")
        assert check.status_code == 503
        assert says in check.json()["fault"]
        assert "yesterdays" not in check.text
    finally:
        settings(site_server)
        restart(site_server)
    assert site.get("/health.php").status_code == 200
    assert "health.php" not in site_server.run("cat /var/log/apache2/access.log"), "checks fill the log"


def test_a_stopped_database_stays_stopped(site: httpx.Client, site_server: Any) -> None:
    with broken(site_server, "systemctl stop mariadb", "systemctl start mariadb"):
        assert [site.get("/api.php").status_code for _ in range(5)] == [503] * 5
        assert site_server.run("systemctl is-active mariadb", status=None) == "inactive"


def test_the_directory_shows_people_and_who_answered(site: httpx.Client, site_server: Any) -> None:
    page = site.get("/database.php", headers={"accept-language": "en"})
    assert page.headers["cache-control"] == "no-store"
    for text in ("Lin Qinghe", "web-01", "AZ1", site_server.address, '<html lang="en">'):
        assert text in page.text


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("en-GB,zh;q=0.5", "en"), ("fr,zh;q=0.3", "zh-CN"), ("fr", "en"), ("", "en")],
)
def test_the_browser_decides_the_language(site: httpx.Client, header: str, language: str) -> None:
    assert f'<html lang="{language}">' in site.get("/database.php", headers={"accept-language": header}).text


def test_a_choice_of_language_is_remembered(site: httpx.Client) -> None:
    site.get("/database.php", params={"lang": "zh"})
    assert "员工与记录" in site.get("/database.php", headers={"accept-language": "en"}).text


def test_the_form_writes_one_row_however_often_it_is_sent(site: httpx.Client) -> None:
    before, form = rows(site), {"id": "web-form-1", "text": "<script>alert(1)</script>"}
    for _ in range(2):
        answer = site.post("/database.php", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "database.php?saved=web-form-1")
    page = site.get("/database.php", params={"saved": "web-form-1"}).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert rows(site) == before + 1


def test_an_entry_is_called_saved_only_while_it_is_there(site: httpx.Client) -> None:
    """The address with `?saved=` outlives the row, which a failover or a restore may have lost."""
    site.post("/database.php", data={"id": "web-saved", "text": "x"})
    assert "Saved and committed as" in site.get("/database.php?saved=web-saved").text
    assert "Saved and committed as" not in site.get("/database.php?saved=web-never").text


def test_the_form_counts_as_the_browser_does_and_refuses_in_the_pages_language(site: httpx.Client) -> None:
    """A line's end is one character to a browser's limit, and two in what it sends."""
    longest = "line\r\n" * 99 + "12345"
    assert site.post("/database.php", data={"id": "web-lines", "text": longest}).status_code == 303
    assert site.get("/api.php", params={"id": "web-lines"}).json()["text"] == longest.replace("\r\n", "\n")
    refused = site.post("/database.php", data={"id": "web-long", "text": "x" * 501}, headers={"accept-language": "zh"})
    assert refused.status_code == 400
    assert "记录内容须为 1 到 500 个字符。" in refused.text and "UTF-8 are wanted" not in refused.text


def test_a_lost_entry_is_kept_in_its_form(site: httpx.Client, site_server: Any) -> None:
    with broken(site_server, "systemctl stop mariadb", "systemctl start mariadb"):
        page = site.post("/database.php", data={"id": "web-kept", "text": "my words"})
        assert page.status_code == 503
        assert 'value="web-kept"' in page.text
        assert "my words" in page.text
        assert "tries again by itself" not in page.text, "it waits for the writer, or the words would be gone"
        assert "tries again by itself" in site.get("/database.php").text


def test_uploads_are_never_executed(site: httpx.Client, site_server: Any) -> None:
    code = b"<?php echo 6 * 7;"
    site_server.put("/var/www/html/upload", {"x.php": code, "x.php.jpg": code, "y.txt": code})
    assert [site.get(f"/upload/{name}").status_code for name in ("x.php", "x.php.jpg")] == [403, 403]
    assert site.get("/upload/y.txt").content == code


@pytest.mark.parametrize("path", ["/include/database.php", "/server-status", "/upload/", "/css/"])
def test_what_is_no_page_is_not_served(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code in (403, 404)
