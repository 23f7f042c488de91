"""The scripts that bring the site up: safe to repeat, and clear when something is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.contract

CONFIGURE = "sh /opt/hr/configure-database.sh && sh /opt/hr/configure-site.sh"


def test_a_repeat_changes_nothing(site: httpx.Client, site_server: Any) -> None:
    running = "systemctl show -p MainPID --value apache2 mariadb"
    before = site_server.run(running)
    said = site_server.run(f"sh -e /opt/hr/install-lamp.sh; {CONFIGURE}")
    assert "there already" in said
    assert "restarted" not in said
    assert site_server.run(running) == before


def test_deleted_people_do_not_come_back(site: httpx.Client, site_server: Any) -> None:
    site_server.run("mariadb hr_db -e 'DELETE FROM employees WHERE id = 1022'")
    site_server.run(CONFIGURE)
    assert site_server.run("mariadb -N hr_db -e 'SELECT COUNT(*) FROM employees WHERE id = 1022'") == "0"
    site_server.run("mariadb hr_db < /opt/hr/sql/hr_db.sql")  # by hand it may be imported again, and then they do
    assert site_server.run("mariadb -N hr_db -e 'SELECT COUNT(*) FROM employees'") == "22"


def test_the_clients_on_the_server_speak_utf8(site: httpx.Client, site_server: Any) -> None:
    name = site_server.run("mariadb -N hr_db -e \"SELECT name_zh FROM employees WHERE name_zh = '林清和'\"")
    assert name == "林清和"


def test_a_new_password_takes_the_place_of_the_old_one(
    site: httpx.Client, site_server: Any, settings: Callable[..., None]
) -> None:
    settings(site_server, password="Another-0ne")  # noqa: S106
    site_server.run(CONFIGURE)
    assert site.get("/api.php").status_code == 200
    settings(site_server)
    site_server.run(CONFIGURE)
    assert site.get("/api.php").status_code == 200
    login = f"MYSQL_PWD=Another-0ne mariadb -h {site_server.address} -u hr_app hr_db -e 'SELECT 1'"
    assert "Access denied" in site_server.run(login, status=1)


def test_tables_are_brought_once_to_a_database_elsewhere(site_server: Any, settings: Callable[..., None]) -> None:
    grant = "GRANT ALL PRIVILEGES ON hr_far.* TO 'hr_app'@'%'"
    site_server.run(f'mariadb -e "CREATE DATABASE hr_far CHARACTER SET utf8mb4; {grant}"')
    settings(site_server, DBNAME="hr_far")
    try:
        assert "hr_far on" in site_server.run("sh /opt/hr/import-tables.sh")
        assert site_server.run('mariadb -N hr_far -e "SELECT name_zh FROM employees WHERE id = 1001"') == "林清和"
        site_server.run("mariadb hr_far -e 'DELETE FROM employees WHERE id = 1022'")
        assert "there already" in site_server.run("sh /opt/hr/import-tables.sh")
        assert site_server.run("mariadb -N hr_far -e 'SELECT COUNT(*) FROM employees WHERE id = 1022'") == "0"
        settings(site_server, password="Wrong-0ne", DBNAME="hr_far")  # noqa: S106
        said = site_server.run("sh /opt/hr/import-tables.sh", status=1)
        assert "does not let hr_app in" in said and "Wrong-0ne" not in said
    finally:
        settings(site_server)
        site_server.run("mariadb -e 'DROP DATABASE hr_far'")


def test_an_upload_disk_that_is_missing_is_named(site_server: Any) -> None:
    assert "there is no /dev/vdb; give this server a data disk" in site_server.run("sh /opt/hr/mount-upload.sh", status=1)


def test_all_problems_of_the_settings_are_named_and_the_password_is_not(site_server: Any, settings: Callable[..., None]) -> None:
    settings(site_server, password="Abcdef1ü", IP="192.0.2.1", DBNAME="hr-db")  # noqa: S106
    said = site_server.run("sh /opt/hr/configure-database.sh", status=1)
    for name in ("PHP_ENV_SQL_PASSWORD", "PHP_ENV_SQL_IP: 192.0.2.1", "PHP_ENV_SQL_DBNAME"):
        assert name in said
    assert "Abcdef1" not in said
    settings(site_server)


def test_the_password_is_nowhere_but_in_its_file(site_server: Any) -> None:
    server = site_server
    found = server.run("grep -rlF in-0ne-piece /etc /opt /var/log /var/www /run /root")
    assert found.splitlines() == ["/etc/hr/database.env"]
    assert server.run("stat -c %a /etc/hr/database.env") == "600"


def test_every_page_of_code_is_valid(site_server: Any) -> None:
    pages = "find /var/www/html -name '*.php' -not -path '*/upload/*'"
    valid = site_server.run(f"{pages} -exec php -l {{}} \\;").count("No syntax errors")
    assert valid == len(site_server.run(pages).splitlines()) > 5
