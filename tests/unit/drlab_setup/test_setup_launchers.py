"""The wrapper and the launchers, run by a real shell with an engine that prints what it was given."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from drlab.engine_environment import engine_environment
from drlab.folders import ROOT, Folders
from drlab.setup.launchers import (
    is_real,
    language_host_path,
    link_real_random,
    random_path,
    real_random,
    wanted_scripts,
    wrong_scripts,
)
from drlab.setup.pulumi_engine import engine_folder
from drlab.setup.state import make_state, passphrase_file

PRINTING_ENGINE = '#!/bin/sh\nenv\necho "ARGUMENTS=$*"\n'


def prepare(folders: Folders) -> None:
    make_state(folders)
    engine_folder(folders).mkdir(parents=True, exist_ok=True)
    (engine_folder(folders) / "pulumi").write_text(PRINTING_ENGINE)
    (engine_folder(folders) / "pulumi").chmod(0o755)
    site = folders.root / ".venv/lib/python3.11/site-packages"
    (site / "pulumi_random-4.18.2.dist-info").mkdir(parents=True, exist_ok=True)
    if not (folders.root / ".venv/bin/python").exists():
        (folders.root / ".venv/bin/python").symlink_to(sys.executable)
    for script in wrong_scripts(folders):
        script.write()


def call(folders: Folders, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "DRLAB_STATE": str(folders.state), "DRLAB_CACHE": str(folders.cache)}
    return subprocess.run(
        [str(folders.pulumi), *arguments], env={**base, **environ}, capture_output=True, text=True, cwd=folders.root, check=True
    )


def run(folders: Folders, *arguments: str, **environ: str) -> dict[str, str]:
    done = call(folders, *arguments, **environ)
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ("preview -s dual-active --non-interactive", "off"),
        ("up -y -f --stack=single-host --diff", "off"),
        ("up --debug", "on"),
        ("up -yd", "on"),
        ("preview -v=9 --logtostderr", "on"),
        ("preview --json", "on"),
        ("up --event-log /tmp/events", "on"),
    ],
)
def test_a_program_sends_debug_messages_where_somebody_may_see_them(folders: Folders, arguments: str, messages: str) -> None:
    prepare(folders)
    assert run(folders, *arguments.split())["DRLAB_DEBUG_MESSAGES"] == messages


def test_the_lab_wants_none_of_them(folders: Folders) -> None:
    prepare(folders)
    assert run(folders, "preview", "--json", **engine_environment(folders))["DRLAB_DEBUG_MESSAGES"] == "off"


def test_the_wrapper_gives_plain_pulumi_everything_it_needs(folders: Folders) -> None:
    prepare(folders)
    seen = run(folders, "preview", "-s", "single-host")
    assert seen["ARGUMENTS"] == "preview -s single-host"
    assert seen["PULUMI_BACKEND_URL"] == f"file://{folders.state}/pulumi"
    assert seen["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(passphrase_file(folders))
    assert seen["PULUMI_SKIP_UPDATE_CHECK"] == "1"
    assert seen["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert seen["PULUMI_HOME"] == f"{folders.state}/pulumi-home"
    assert seen["PATH"].split(":")[0] == str(engine_folder(folders))


@pytest.mark.parametrize(
    "name", ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_HOME", "PULUMI_SKIP_UPDATE_CHECK"]
)
def test_what_the_user_set_wins(folders: Folders, name: str) -> None:
    prepare(folders)
    assert run(folders, **{name: "mine"})[name] == "mine"


def test_a_passphrase_of_the_users_even_an_empty_one_is_the_only_one(folders: Folders) -> None:
    prepare(folders)
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in run(folders, PULUMI_CONFIG_PASSPHRASE="")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, ""),
        ({"PULUMI_HOME": "/mine", "PULUMI_DIY_BACKEND_GZIP": "1"}, "PULUMI_DIY_BACKEND_GZIP PULUMI_HOME"),
        ({"PULUMI_AUTOMATION_API": "true", "PULUMI_IGNORE_AMBIENT_PLUGINS": "true", "MY_PULUMI_X": "1"}, ""),
    ],
)
def test_what_is_obeyed_is_named_without_its_value(folders: Folders, environ: dict[str, str], named: str) -> None:
    prepare(folders)
    sentence = f"pulumi: obeys what this shell has set, which ./lab does not: {named}\n"
    assert call(folders, **environ).stderr == (sentence if named else "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"no_proxy": "a"}, "127.0.0.1,localhost,a"),
        ({"NO_PROXY": "b"}, "127.0.0.1,localhost,b"),
        ({"no_proxy": "a", "NO_PROXY": "b"}, "127.0.0.1,localhost,a"),
    ],
)
def test_nothing_between_the_engine_and_its_plugins_goes_through_a_proxy(
    folders: Folders, given: dict[str, str], expected: str
) -> None:
    prepare(folders)
    seen = run(folders, https_proxy="http://127.0.0.1:9", **given)
    assert (seen["no_proxy"], seen["NO_PROXY"]) == (expected, expected)
    assert seen["https_proxy"] == "http://127.0.0.1:9", "the way to the real cloud"


def test_programs_and_plugins_speak_utf_8_whatever_the_terminal_does(folders: Folders) -> None:
    prepare(folders)
    seen = run(folders, LC_ALL="zh_CN.GBK", PYTHONIOENCODING="gbk", PYTHONUTF8="0")
    assert seen["PYTHONUTF8"] == "1" and "PYTHONIOENCODING" not in seen


def test_odd_characters_in_the_state_path(tmp_path: Path) -> None:
    (root := tmp_path / "a project" / ".venv/bin").mkdir(parents=True)
    folders = Folders(root=root.parents[1], state=tmp_path / "my state#1", cache=tmp_path / "c ache")
    prepare(folders)
    seen = run(folders)
    assert seen["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/my%20state%231/pulumi"
    assert seen["DRLAB_PYTHON"] == str(folders.python)


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("encryptionsalt: v1:abc\nconfig:\n  drlab:region: x\n", {"config": {"drlab:region": "x"}}),
        ("config:\n  drlab:region: x\nencryptionsalt: v1:abc\n", {"config": {"drlab:region": "x"}}),
        ("encryptionsalt: v1:abc\n", None),
        ("{encryptionsalt: 'v1:a/b=:v1:c+d=='}\n", {}),
        ("{encryptionsalt: 'v1:abc==', config: {'drlab:region': x}}\n", {"config": {"drlab:region": "x"}}),
        ("{config: {'drlab:region': x}, encryptionsalt: 'v1:abc=='}\n", {"config": {"drlab:region": "x"}}),
        ("{}\n", {}),
    ],
)
def test_one_work_tree_serves_two_state_folders(folders: Folders, tmp_path: Path, written: str, left: object) -> None:
    """The salt of a settings file fits one passphrase; it is taken out when another state's turn comes."""
    other = Folders(root=folders.root, state=tmp_path / "other", cache=folders.cache)
    prepare(folders)
    prepare(other)
    settings = folders.settings_file("single-host")
    run(folders)
    settings.write_text(written)
    run(folders)
    assert settings.read_text() == written
    run(other)
    assert yaml.safe_load(settings.read_text()) == left


def test_modules_that_may_not_be_compiled_beside_their_sources_are_compiled_into_the_cache(folders: Folders) -> None:
    prepare(folders)
    assert "PYTHONPYCACHEPREFIX" not in run(folders)
    seen = run(folders, PYTHONDONTWRITEBYTECODE="1")
    assert seen["PYTHONPYCACHEPREFIX"] == f"{folders.cache}/bytecode" and "PYTHONDONTWRITEBYTECODE" not in seen
    assert run(folders, PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX="/mine")["PYTHONPYCACHEPREFIX"] == "/mine"


def test_lab_itself_does_the_same(folders: Folders) -> None:
    root = folders.root
    shutil.copy(ROOT / "lab", root / "lab")
    (root / "pyproject.toml").write_text("")
    python = root / ".venv/bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.unlink(missing_ok=True)
    python.write_text("#!/bin/sh\nenv\n")
    python.chmod(0o755)
    (root / ".venv/drlab-stamp").write_text(f"{hashlib.sha256(b'').hexdigest()}  - {root.resolve()}\n")

    def shown(**environment: str) -> str:
        base = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [str(root / "lab")], env={**base, **environment}, capture_output=True, text=True, cwd=root, check=True
        )
        return done.stdout

    seen = shown(DRLAB_CACHE="relative")
    assert f"PYTHONPYCACHEPREFIX={root}/relative/bytecode\n" in seen
    assert "PYTHONDONTWRITEBYTECODE" not in seen
    assert "PYTHONPYCACHEPREFIX=/home/me/.cache/drlab/bytecode\n" in shown(HOME="/home/me")
    assert "PYTHONPYCACHEPREFIX" not in shown(), "without a home, as in some units and cron jobs, it runs all the same"


def test_without_set_up_the_wrapper_says_what_to_run(folders: Folders) -> None:
    prepare(folders)
    passphrase_file(folders).unlink()
    done = subprocess.run(
        [str(folders.pulumi)],
        env={"PATH": "/usr/bin:/bin", "DRLAB_STATE": str(folders.state), "DRLAB_CACHE": str(folders.cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "run ./lab preview once" in done.stderr


def test_stand_ins_lie_where_the_engine_looks_for_the_real_ones(folders: Folders) -> None:
    prepare(folders)
    assert language_host_path(folders) == engine_folder(folders) / "pulumi-language-python"
    assert random_path(folders) == folders.state / "pulumi-home/plugins/resource-random-v4.18.2/pulumi-resource-random"
    assert [script.path.name for script in wanted_scripts(folders)] == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-resource-pulumi-python",
        "pulumi-resource-random",
    ]
    assert wrong_scripts(folders) == []


def test_a_stand_in_starts_this_projects_python_and_names_the_script(folders: Folders, tmp_path: Path) -> None:
    prepare(folders)
    (python := tmp_path / "python").write_text('#!/bin/sh\necho "$DRLAB_LANGUAGE_EXEC" "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        [str(language_host_path(folders)), "127.0.0.1:1"],
        env={
            "PATH": "/usr/bin:/bin",
            "DRLAB_PYTHON": str(python),
            "DRLAB_CACHE": str(folders.cache),
            "DRLAB_LANGUAGE_EXEC": "/another/project's",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    script = engine_folder(folders) / "pulumi-language-python-exec"
    assert done.stdout == f"{script} -P -m plugins.language_python 127.0.0.1:1\n"


def test_a_real_language_host_is_left_alone(folders: Folders) -> None:
    engine_folder(folders).mkdir(parents=True)
    language_host_path(folders).write_bytes(b"\x7fELF\x02\x01\x01\x00\xff\xfe")
    prepare(folders)
    assert is_real(language_host_path(folders))
    assert language_host_path(folders).read_bytes().startswith(b"\x7fELF")


def test_the_users_own_random_plugin_is_used_while_it_is_there(folders: Folders, tmp_path: Path) -> None:
    prepare(folders)
    assert real_random(folders, tmp_path) is None, "the stand-in serves"
    own = tmp_path / ".pulumi/plugins/resource-random-v4.18.2/pulumi-resource-random"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"\x7fELF\x02\x01\x01\x00\xff\xfe")
    link_real_random(folders, tmp_path)
    path = random_path(folders)
    assert path is not None and path.resolve() == own and is_real(path)
    assert wrong_scripts(folders) == [] and real_random(folders, tmp_path) is None
    own.unlink()
    assert [script.path for script in wrong_scripts(folders)] == [path]


def test_an_older_script_of_ours_is_replaced(folders: Folders) -> None:
    prepare(folders)
    language_host_path(folders).write_text("#!/bin/sh\n# Written by ./lab: an older text\n")
    assert [script.path for script in wrong_scripts(folders)] == [language_host_path(folders)]
