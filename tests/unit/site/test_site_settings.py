"""The settings file that the program writes and the scripts that read it: one rule for passwords, that of MySQL's accounts.

That systemd, MariaDB and PHP read the same is seen on a server (tests/images).
"""

from __future__ import annotations

import os
import re
import string
import subprocess
from pathlib import Path

import pytest

from components.settings_file import line
from components.sites import Connection
from stacks.hr_site import HrSite

ROOT = Path(__file__).resolve().parents[3]
SITE = ROOT / "docker/site"
PRINTABLE = "".join(map(chr, range(ord("!"), ord("~") + 1)))
GOOD = [
    PRINTABLE, PRINTABLE[::-1], "secret1", "[brackets]", '"quoted"', "'quoted'", '"', "'", "\\", "\\\\'", 'ends\\"', "#x", "\\n",
]  # fmt: skip
BAD = {"Abc def1": "' '", "Abcdef1ü": "'ü'", "Abc\tdef1\x7f": r"'\t', '\x7f'", "密码": "'密', '码'", "": "is empty"}


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """The scripts, with folders of their own, and programs that keep what they are given."""
    for script in ("settings.sh", "configure-database.sh", "import-tables.sh"):
        text = (SITE / "server" / script).read_text().replace("/etc/hr", str(tmp_path)).replace("/opt/hr", str(SITE))
        (tmp_path / script).write_text(text)
    (tmp_path / "bin").mkdir()
    keeping = f'cat /dev/fd/3 >"{tmp_path}/options" 2>/dev/null; cat >>"{tmp_path}/sql"; echo 1'
    programs = {"mariadb": keeping, "systemctl": ":"}
    for name, does in programs.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
    return tmp_path


def run(server: Path, script: str, password_line: str) -> subprocess.CompletedProcess[str]:
    others = {"PHP_ENV_SQL_IP": "127.0.0.1", "PHP_ENV_SQL_USERNAME": "hr_app", "PHP_ENV_SQL_DBNAME": "hr_db"}
    text = "".join(line(name, value) for name, value in others.items()) + password_line
    (server / "database.env").write_text(text, encoding="utf-8")
    path = f"{server / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", str(server / script)], env={"PATH": path}, check=False, capture_output=True, text=True, timeout=20
    )


@pytest.mark.parametrize("password", GOOD)
def test_every_password_reaches_the_database(server: Path, password: str) -> None:
    assert problems(password) == []
    done = run(server, "configure-database.sh", line("PHP_ENV_SQL_PASSWORD", password))
    assert done.returncode == 0, done.stderr
    said = re.findall(r"^(?:CREATE|ALTER) USER .*'hr_app'@'%' IDENTIFIED BY '(.*)';$", (server / "sql").read_text(), re.MULTILINE)
    assert [unescaped(text, "'") for text in said] == [password] * 2


@pytest.mark.parametrize("password", GOOD)
def test_every_password_reaches_a_database_elsewhere(server: Path, password: str) -> None:
    done = run(server, "import-tables.sh", line("PHP_ENV_SQL_PASSWORD", password))
    assert done.returncode == 0, done.stderr
    (text,) = re.findall(r'^password="(.*)"$', (server / "options").read_text(), re.MULTILINE)
    assert unescaped(text, '"') == password


def unescaped(text: str, quote: str) -> str:
    """What stands between quotes in SQL and in an option file; a bare quote would end it."""
    assert re.fullmatch(rf"(?:[^\\{quote}]|\\[\\{quote}])*", text)
    return re.sub(r"\\(.)", r"\1", text)


def problems(password: str) -> list[str]:
    site = HrSite(str(SITE), Connection("hr_db", "hr_app", password))
    return [str(problem) for problem in site.problems()]


@pytest.mark.parametrize(("password", "named"), BAD.items())
@pytest.mark.parametrize("script", ["configure-database.sh", "import-tables.sh"])
def test_what_the_scripts_refuse_the_program_has_refused_before(server: Path, script: str, password: str, named: str) -> None:
    (problem,) = problems(password)
    assert problem.startswith("database.password: ") and named in problem
    assert password not in problem or not password
    for written in (f"PHP_ENV_SQL_PASSWORD={password}\n", f'PHP_ENV_SQL_PASSWORD="{password}"\n'):
        done = run(server, script, written)
        assert done.returncode == 1
        assert "PHP_ENV_SQL_PASSWORD" in done.stderr
        assert not password or password not in done.stderr


@pytest.mark.parametrize("value", ["it's", 'a"b', "a\\b", '"open', '"a"b"', '"a\\"', "'single'"])
def test_what_systemd_would_read_otherwise_is_refused(server: Path, value: str) -> None:
    assert "PHP_ENV_SQL_PASSWORD" in run(server, "configure-database.sh", f"PHP_ENV_SQL_PASSWORD={value}\n").stderr


@pytest.mark.parametrize("value", [*string.punctuation, "plain"])
def test_bare_is_only_what_reads_the_same_bare(value: str) -> None:
    written = line("NAME", value)
    assert (written == f"NAME={value}\n") == (value not in "\"'\\")


def test_names_in_a_database_are_checked_too() -> None:
    site = HrSite(str(SITE), Connection("Hr-db", "root", "secret1"))
    assert [problem.key for problem in site.problems()] == ["database.name", "database.user"]
