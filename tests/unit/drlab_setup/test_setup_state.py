"""State folder, passphrase, stacks, and the lock on the cache."""

from __future__ import annotations

import fcntl
import stat
import threading
from pathlib import Path

import pytest

from drlab.errors import UserError
from drlab.folders import Folders
from drlab.setup.cache_lock import cache_lock
from drlab.setup.children import Children
from drlab.setup.stack_init import absent_stacks, stacks_step
from drlab.setup.state import make_state, missing_state, passphrase_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_is_closed_to_others_and_its_passphrase_kept(folders: Folders) -> None:
    assert missing_state(folders) == f"making {folders.state}"
    make_state(folders)
    assert missing_state(folders) is None
    passphrase = passphrase_file(folders).read_text()
    assert len(passphrase.strip()) >= 32
    assert (mode(folders.state), mode(passphrase_file(folders))) == (0o700, 0o600)
    folders.state.chmod(0o755)
    assert missing_state(folders) == f"closing {folders.state} to other users"
    make_state(folders)
    assert mode(folders.state) == 0o700
    assert passphrase_file(folders).read_text() == passphrase


def test_a_lost_passphrase_is_not_replaced_while_stacks_need_it(folders: Folders) -> None:
    make_state(folders)
    passphrase_file(folders).unlink()
    stack = folders.stack_file("single-host")
    stack.parent.mkdir(parents=True)
    stack.write_text("{}")
    with pytest.raises(UserError, match="is gone, and the stacks beside it hold secrets encrypted with it") as refused:
        make_state(folders)
    assert "put the file back" in (refused.value.hint or "")


def test_a_state_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folders = Folders(root=tmp_path, state=tmp_path / "file" / "state", cache=tmp_path)
    with pytest.raises(UserError, match=r"The state folder .*file/state cannot be made .*Not a directory") as refused:
        make_state(folders)
    assert refused.value.hint == "name a folder of your own in DRLAB_STATE"


def test_a_stack_that_exists_costs_no_call(folders: Folders) -> None:
    assert absent_stacks(folders, ["single-host", "dual-active"]) == ["single-host", "dual-active"]
    folders.stack_file("single-host").parent.mkdir(parents=True)
    folders.stack_file("single-host").write_text("{}")
    assert absent_stacks(folders, ["single-host", "dual-active"]) == ["dual-active"]
    assert stacks_step(folders, Children(), ["single-host"]).missing() is None


def test_a_stack_that_cannot_be_made_shows_what_pulumi_said(folders: Folders) -> None:
    folders.pulumi.write_text("#!/bin/sh\necho error: no space on Mars >&2\nexit 1\n")
    folders.pulumi.chmod(0o755)
    with pytest.raises(UserError, match=r"The stack single-host could not be made.\n(.*\n)*  error: no space on Mars"):
        stacks_step(folders, Children(), ["single-host"]).act(lambda line: None)


def test_the_second_set_up_waits_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    waiting, inside = threading.Event(), threading.Event()

    def told(text: str) -> None:
        said.append(text)
        waiting.set()

    def second() -> None:
        with cache_lock(tmp_path / "cache", told):
            inside.set()

    with cache_lock(tmp_path / "cache", said.append):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(5)
        assert not inside.is_set()
    thread.join(5)
    assert inside.is_set()
    assert len(said) == 1
    assert said[0].startswith("another set-up is at work (`set-up` (process ")


def test_waiting_for_another_set_up_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="gave up"), cache_lock(tmp_path, lambda text: None, deadline=0):
            pass


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match="cannot be written: Not a directory"),
        cache_lock(tmp_path / "file/cache", lambda text: None),
    ):
        pass


def test_an_empty_build_folder_goes_and_an_unfinished_build_stays(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    with cache_lock(tmp_path, lambda text: None):
        pass
    assert not (tmp_path / "build").exists()
    (tmp_path / "build/engine").mkdir(parents=True)
    with cache_lock(tmp_path, lambda text: None):
        pass
    assert (tmp_path / "build/engine").exists()
