"""What the trainee sees in stage `single-host`, through curl, ssh and a MySQL client."""

from __future__ import annotations

import json
import subprocess
import uuid
from typing import Any

import pytest
from support.lab import ROOT, Lab
from support.ports import answering, is_silent
from support.secrets import in_the_clear
from support.visitors import curl, database, tunnel
from support.waiting import wait_until

pytestmark = pytest.mark.stage


def test_the_outputs_have_their_names(single_host: dict[str, Any]) -> None:
    names = {"siteUrl", "jumpHostAddress", "webServers", "databaseHost", "databaseUser", "databaseName", "databasePassword"}
    assert names <= single_host.keys()
    assert [(s["name"], s["zone"]) for s in single_host["webServers"]] == [("web-01", "AZ1")]
    assert single_host["databaseHost"] == single_host["webServers"][0]["privateAddress"]


def test_static_and_dynamic_page_answer_from_outside(single_host: dict[str, Any]) -> None:
    status, page = curl(single_host["siteUrl"])
    assert status == 200 and "<html" in page
    status, page = curl(single_host["siteUrl"] + "/database.php")
    assert status == 200
    assert "web-01" in page and single_host["databaseHost"] in page


def test_the_site_answers_from_the_jump_host(lab: Lab, single_host: dict[str, Any]) -> None:
    address = single_host["webServers"][0]["privateAddress"]
    done = lab.run("ssh", "jump-host", "--", "curl", "-s", "-m", "5", f"http://{address}/api.php")
    assert json.loads(done.stdout)["server"] == "web-01"


def test_an_acknowledged_row_is_in_the_database(lab: Lab, single_host: dict[str, Any]) -> None:
    row, api = f"test-{uuid.uuid4().hex[:12]}", single_host["siteUrl"] + "/api.php"
    status, body = curl("-d", f"id={row}", "-d", "text=a row", api)
    assert status == 201
    assert json.loads(body) == {
        "id": row,
        "server": "web-01",
        "zone": "AZ1",
        "databaseHost": single_host["databaseHost"],
    }
    assert curl(f"{api}?id={row}")[0] == 200
    assert curl(f"{api}?id={row}-not")[0] == 404
    with tunnel(lab, "single-host", single_host["databaseHost"], 3306) as port, database(single_host, port) as cursor:
        cursor.execute("SELECT text FROM entries WHERE id = %s", (row,))
        assert cursor.fetchall() == (("a row",),)
        cursor.execute("SELECT COUNT(*) FROM employees")
        assert cursor.fetchall()[0][0] > 0


def test_the_database_is_silent_from_outside(lab: Lab, single_host: dict[str, Any]) -> None:
    server = next(s for s in lab.status()["servers"] if s["name"].endswith("web-01"))
    assert answering(server["eip"], 3306, 22, seconds=2) == {}, "SSH to the web server leads through the jump host only"


def test_blocked_ports_stay_silent_whatever_the_server_does(lab: Lab, single_host: dict[str, Any]) -> None:
    """Published by Docker inside the server, as NodePort, as pod address, and after a rule flush in the server."""
    server = next(s for s in lab.status()["servers"] if s["name"].endswith("web-01"))
    listen = "systemd-run --quiet --unit=extra-listener php -S 0.0.0.0:9000 -t /var/www/html"
    redirects = """
    nft add table ip published
    nft 'add chain ip published pre { type nat hook prerouting priority -100; }'
    nft add rule ip published pre tcp dport 8080 redirect to :9000
    nft add rule ip published pre tcp dport 30080 redirect to :9000
    ip address add 10.244.1.5/32 dev lo
    nft add rule ip published pre tcp dport 31080 dnat to 10.244.1.5:9000
    """
    lab.run("ssh", "web-01", "--", listen)
    inside = ["ssh", "web-01", "--", "curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", "http://127.0.0.1:9000/"]
    wait_until(lambda: lab.run(*inside, check=False).stdout.strip() == "200", 60, "the extra listener inside the server")
    lab.call("docker", "exec", lab.container("single-host-web-01"), "sh", "-ec", redirects, timeout=20, check=True)
    assert answering(server["eip"], 8080, 9000, 30080, 31080, seconds=1.5) == {}
    lab.call("docker", "exec", lab.container("single-host-web-01"), "nft", "flush", "ruleset", timeout=20, check=True)
    assert is_silent(server["eip"], 9000, seconds=1.5), "port 9000 answers after a rule flush in the server"
    assert curl(single_host["siteUrl"])[0] == 200


def test_without_its_database_the_static_pages_go_on(lab: Lab, single_host: dict[str, Any]) -> None:
    lab.run("ssh", "web-01", "--", "systemctl", "stop", "mariadb")
    try:
        status, _ = curl(single_host["siteUrl"] + "/api.php", timeout=2.5)
        assert status == 503
        assert curl(single_host["siteUrl"])[0] == 200
    finally:
        lab.run("ssh", "web-01", "--", "systemctl", "start", "mariadb")
    wait_until(lambda: curl(single_host["siteUrl"] + "/api.php")[0] == 200, 60, "the database to be back")


def test_what_is_older_on_the_server_is_seen_by_a_refresh_and_repaired_by_up(lab: Lab, single_host: dict[str, Any]) -> None:
    """As after a restored backup: yesterday's password, in the file and in the Apache that runs."""
    older = "sed -i s/^PHP_ENV_SQL_PASSWORD=.*/PHP_ENV_SQL_PASSWORD=yesterday/ /etc/hr/database.env"
    lab.run("ssh", "web-01", "--", f"{older}; systemctl restart apache2; rm /var/www/html/js/board.js")
    assert curl(single_host["siteUrl"] + "/api.php")[0] == 503
    lab.pulumi("refresh", "--yes", "--skip-preview", "-s", "single-host")
    changed = json.loads(lab.pulumi("preview", "--json", "-s", "single-host").stdout)["changeSummary"]
    assert changed["update"] == 2, changed  # the files, and the script that puts them to use
    lab.run("up", "single-host")
    assert curl(single_host["siteUrl"] + "/api.php")[0] == 200
    assert curl(single_host["siteUrl"] + "/js/board.js")[0] == 200


def test_nothing_to_do_the_second_time_and_git_stays_clean(lab: Lab, single_host: dict[str, Any]) -> None:
    git = ["git", "status", "--porcelain"]
    before = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lab.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "-s", "single-host")
    keyed = Lab(lab.state, {"CTYUN_AK": "a" * 32, "CTYUN_SK": "b" * 32})  # of the real cloud: here they are ignored
    keyed.pulumi("preview", "--expect-no-changes", "-s", "single-host")
    keyed.pulumi("refresh", "--yes", "--expect-no-changes", "-s", "single-host")
    assert {server["power"] for server in keyed.status()["servers"]} == {"running"}
    assert subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout == before


def test_no_secret_in_the_clear(lab: Lab, single_host: dict[str, Any]) -> None:
    assert in_the_clear(lab, single_host) == []
