"""What the wheel holds: names of our own, all that they need, and nothing that is true in a checkout only."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import PurePosixPath
from zipfile import ZipFile

import pytest
from support.elsewhere import build_wheel, readme_project
from support.lab import ROOT

from pulumi_ctyun.resources.declarations import VERSION

BROUGHT_ALONG = {"grpc", "google", "cryptography"}  # by pulumi, by asyncssh
NAMES = {"ctyun": "ctyun", "pulumi_ctyun": "pulumi_ctyun", "components": "drlab/components"}  # folder -> where it is in the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    with ZipFile(build_wheel(tmp_path_factory.mktemp("wheel"))) as wheel:
        yield wheel


def content(wheel: ZipFile) -> dict[str, bytes]:
    return {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}


def metadata(wheel: ZipFile, file: str) -> str:
    (name,) = (name for name in wheel.namelist() if name.endswith(f".dist-info/{file}"))
    return wheel.read(name).decode()


def test_it_brings_no_top_level_name_but_ours(wheel: ZipFile) -> None:
    assert {PurePosixPath(name).parts[0] for name in content(wheel)} == {"ctyun", "pulumi_ctyun", "drlab"}
    assert {PurePosixPath(name).parts[1] for name in content(wheel) if name.startswith("drlab/")} == {"components"}


def test_it_holds_every_module_and_file_of_its_packages(wheel: ZipFile) -> None:
    wanted = {
        (PurePosixPath(there) / path.relative_to(ROOT / folder)).as_posix()
        for folder, there in NAMES.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.parent.name != "bin"
    }
    assert set(content(wheel)) == wanted
    assert {f"{there}/py.typed" for there in NAMES.values()} <= wanted


def test_it_names_no_environment_and_no_folder_of_a_checkout(wheel: ZipFile) -> None:
    wrong = {name for name, text in content(wheel).items() if b".venv" in text or str(ROOT).encode() in text}
    foreign = re.compile(rb"^\s*(from|import) (components|stacks|plugins|drlab|localcloud)\b", re.MULTILINE)
    assert wrong | {name for name, text in content(wheel).items() if foreign.search(text)} == set()


def test_its_script_is_the_providers_plugin_alone(wheel: ZipFile) -> None:
    """`pulumi-resource-random` and the language host are Pulumi's own: the wheel must not stand before them."""
    scripts = ConfigParser()
    scripts.read_string(metadata(wheel, "entry_points.txt"))
    assert {section: list(scripts[section]) for section in scripts.sections()} == {"console_scripts": ["pulumi-resource-ctyun"]}


def test_it_has_the_plugins_version_and_asks_for_nothing_of_the_lab(wheel: ZipFile) -> None:
    said = metadata(wheel, "METADATA")
    assert f"\nVersion: {VERSION}\n" in said
    needed = {line.removeprefix("Requires-Dist: ") for line in said.splitlines() if line.startswith("Requires-Dist: ")}
    always = {re.split(r"[<>=]", line)[0] for line in needed if "extra ==" not in line}
    assert always == {"pulumi", "httpx", "httptools", "asyncssh"}
    assert imported(wheel) <= {*always, *BROUGHT_ALONG}, "imported, and asked for by nobody"


def imported(wheel: ZipFile) -> set[str]:
    """Names of all packages of others that some module in the wheel imports."""
    found = set()
    for name, text in content(wheel).items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    found |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module)
    return {name.partition(".")[0] for name in found} - sys.stdlib_module_names - {"ctyun", "pulumi_ctyun", "drlab"}


def test_the_checkout_has_the_engines_own_sdk() -> None:
    from drlab.setup.engine_source import VERSION as engine

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert f"pulumi=={engine}" in extras["lab"]


def test_both_readmes_tell_the_same_project() -> None:
    chinese = (ROOT / "README.zh.md").read_text(encoding="utf-8")
    assert f"```yaml\n{readme_project()}```" in chinese
