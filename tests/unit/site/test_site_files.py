"""The site's files as texts: what must hold without a server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SITE = ROOT / "docker/site"
HTML = SITE / "html"
USER_DATA_LIMIT = 16 * 1024
SETTINGS = (
    "HR_SERVER_NAME",
    "HR_SERVER_ZONE",
    "PHP_ENV_SQL_IP",
    "PHP_ENV_SQL_USERNAME",
    "PHP_ENV_SQL_PASSWORD",
    "PHP_ENV_SQL_DBNAME",
)
SHARE_OF_INSTALL = 4 * 1024  # the rest of user data is the component's


def texts(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in HTML.rglob(pattern))


def words(language: str) -> dict[str, str]:
    source = (HTML / f"include/words.{language}.php").read_text()
    return dict(re.findall(r"^    '(\w+)' => '(.*)',$", source, re.MULTILINE))


def test_both_languages_have_the_same_words() -> None:
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    assert len(english) > 30
    assert not [key for key in english if key != "lang" and not english[key].isascii()]


def test_every_word_that_a_page_uses_is_there() -> None:
    used = set(re.findall(r"\$words\['(\w+)'\]", "".join(page.read_text() for page in texts("*.php"))))
    assert used <= words("en").keys()
    assert words("en").keys() <= used, "a word that no page uses"


def test_the_home_page_says_everything_in_both_languages() -> None:
    source = (HTML / "index.html").read_text()
    english, chinese = (len(re.findall(rf'<span lang="{language}">', source)) for language in ("en", "zh"))
    assert english == chinese > 20


@pytest.mark.parametrize("path", texts("*.html", "*.php", "*.css", "*.js", "*.svg"), ids=lambda path: str(path.relative_to(HTML)))
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    outside = re.findall(r"""(?:src|href|url|action)\s*[=(]\s*["']?(?:https?:)?//[^"')\s]+""", path.read_text())
    assert outside == []


@pytest.mark.parametrize("page", [*texts("*.html"), HTML / "include/view.php"], ids=lambda path: path.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    names = set(re.findall(r'(?:src|href)="((?:css|js|images|upload)/[^"?#]+)', page.read_text()))
    assert names
    assert [name for name in sorted(names) if not (HTML / name).is_file()] == []


def test_pages_hold_no_inline_code_or_style() -> None:
    for page in texts("*.html", "*.php"):  # the content security policy would refuse both
        assert not re.search(r"<script>|<style|\sstyle=|\son\w+=\"", page.read_text()), page.name


def test_the_sql_may_be_imported_again() -> None:
    sql = (SITE / "sql/hr_db.sql").read_text()
    statements = [part.strip() for part in re.sub(r"--.*", "", sql).split(";") if part.strip()]
    allowed = ("SET NAMES utf8mb4", "CREATE TABLE IF NOT EXISTS", "INSERT IGNORE INTO")
    assert [statement for statement in statements if not statement.startswith(allowed)] == []
    assert len(re.findall(r"@hailing\.example'", sql)) >= 20


def test_the_table_made_last_is_the_one_that_tells_of_an_import() -> None:
    tables = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", (SITE / "sql/hr_db.sql").read_text())
    assert f"table_name = '{tables[-1]}'" in (SITE / "server/configure-database.sh").read_text()


def test_every_query_is_prepared_without_values_in_its_text() -> None:
    for page in texts("*.php"):
        assert not re.search(r"(SELECT|INSERT|UPDATE|DELETE)[^'\"]*\$", page.read_text()), page.name


def test_install_script_leaves_room_in_user_data() -> None:
    assert (SITE / "server/install-lamp.sh").stat().st_size <= SHARE_OF_INSTALL < USER_DATA_LIMIT


def test_image_and_script_install_the_same() -> None:
    script = (SITE / "server/install-lamp.sh").read_text()
    dockerfile = (ROOT / "docker/server-lamp/Dockerfile").read_text()
    packages = re.search(r'^PACKAGES="(.+)"$', script, re.MULTILINE)
    assert packages is not None
    assert f"      {packages.group(1)} \\\n" in dockerfile


def test_image_and_script_set_the_database_up_the_same() -> None:
    script = (SITE / "server/install-lamp.sh").read_text()
    inlined = re.search(r"cat <<'END'\n(.+?)^END$", script, re.MULTILINE | re.DOTALL)
    assert inlined is not None
    assert inlined.group(1) == (ROOT / "docker/server-lamp/rootfs/etc/mysql/mariadb.conf.d/90-small.cnf").read_text()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_reaches_php_and_stands_in_the_readme(name: str) -> None:
    assert name in (SITE / "server/apache-site.conf").read_text().split()
    assert f"\n{name}=" in (SITE / "README.md").read_text()
    assert any(f"setting('{name}'" in page.read_text() for page in texts("*.php"))
