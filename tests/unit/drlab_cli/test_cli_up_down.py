"""The parts of `up`, `down` and `leftovers` that decide: pure functions and small seams."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ctyun.credentials import CloudRecord, Credentials
from ctyun.local import Fault
from drlab.bring_up import Raised, summary_lines
from drlab.cloud import Cloud, is_free
from drlab.engine_run import Run, how_to_go_on, indented, interrupted_sentence
from drlab.errors import UserError
from drlab.faults import fault_lines, power_on_line
from drlab.folders import Folders
from drlab.inventory import names_of, without_owner
from drlab.kinds import Thing
from drlab.leftovers import Leftover, is_accounted_for, parse_scan
from drlab.progress import changes_sentence
from drlab.settings import Target, account, parse_settings, read_settings, target_of
from drlab.site import await_site
from drlab.stack_state import Resource


def test_the_last_lines_of_up() -> None:
    outputs = {
        "siteUrl": "http://198.18.0.1",
        "jumpHostAddress": "198.18.0.2",
        "webServers": [{"name": "web-01", "zone": "AZ1", "privateAddress": "192.168.1.3"}],
        "databaseHost": "192.168.1.3",
        "databaseName": "hr_db",
        "databaseUser": "hr_app",
    }
    raised = Raised("single-host", Run({"create": 18}, 18, 7.0), outputs, (), 8.24)
    assert summary_lines(raised) == [
        "single-host is up (8.2 s)",
        "",
        "  Site       http://198.18.0.1",
        "  Jump host  198.18.0.2       ./lab ssh jump-host",
        "  Server     192.168.1.3      ./lab ssh web-01   in AZ1, through the jump host",
        "  Database   192.168.1.3      hr_db, user hr_app",
        "",
        "Try next",
        "  curl http://198.18.0.1/api.php     which server, zone and database answer",
        "  ./lab watch single-host --writes   in a second terminal: who answers, and what each fault costs",
        "  ./lab power off web-01             the site goes silent; ./lab power on web-01 brings it back",
        "  ./lab status                       servers with zone and power, open faults",
        "  ./lab down single-host             remove everything, and prove it",
    ]


def test_the_last_lines_of_up_with_pairs() -> None:
    outputs = {
        "webServers": [{"name": f"web-0{n}", "zone": f"AZ{n}", "privateAddress": f"192.168.1.{n}"} for n in (1, 2)],
        "databaseHost": "192.168.1.9",
        "databaseNodes": [
            {"name": "dual-active-db-1", "zone": "AZ1", "role": "primary"},
            {"name": "dual-active-db-2", "zone": "AZ2", "role": "standby"},
        ],
    }
    lines = summary_lines(Raised("dual-active", Run({}, 42, 20.0), outputs, (), 20.0))
    assert lines[5:7] == ["  Node       db-1             primary in AZ1", "  Node       db-2             standby in AZ2"]
    assert any("after a moment the others do its work; ./lab power on web-01" in line for line in lines)
    assert any(line.startswith("  ./lab db switchover dual-active   ") for line in lines)


def test_beside_another_stage_servers_are_named_with_theirs() -> None:
    outputs = {
        "jumpHostAddress": "198.18.0.2",
        "webServers": [{"name": "web-01", "zone": "AZ1", "privateAddress": "192.168.1.3"}],
    }
    shown = "\n".join(summary_lines(Raised("dual-active", Run({}, 1, 1.0), outputs, (), 1.0), "dual-active/"))
    for command in (
        "ssh dual-active/jump-host",
        "ssh dual-active/web-01",
        "power off dual-active/web-01",
        "power on dual-active/web-01",
    ):
        assert f"./lab {command}" in shown


def test_what_a_fault_keeps_off_is_said_first() -> None:
    outputs = {"webServers": [{"name": "web-01", "zone": "AZ1", "privateAddress": "192.168.1.3"}]}
    lines = summary_lines(Raised("single-host", Run({}, 0, 1.0), outputs, ("jump-host", "web-01"), 1.0))
    assert lines[0] == "single-host is up, without power: jump-host, web-01 (1.0 s)"
    assert lines[lines.index("Try next") + 1].startswith("  ./lab power on jump-host web-01   ")
    assert not any("power off" in line for line in lines)


def test_a_stage_without_a_site_still_says_what_to_try() -> None:
    lines = summary_lines(Raised("network", Run({}, 0, 1.0), {}, (), 1.0))
    assert lines[0] == "network is up (1.0 s)"
    assert lines[-1].startswith("  ./lab down network")


def test_after_an_interruption_both_ways_are_named() -> None:
    assert interrupted_sentence("single-host", "up", 1) == (
        "Interrupted: `pulumi up` of single-host was ended, 1 step done and recorded. "
        "Go on with ./lab up single-host or ./lab down single-host."
    )
    assert how_to_go_on("single-host", "destroy") == "./lab down single-host goes on where this stopped"


def test_several_lines_of_one_problem_stay_together() -> None:
    assert (
        indented("two subnets overlap:\n10.0.1.0/24\n10.0.1.128/25")
        == "  • two subnets overlap:\n    10.0.1.0/24\n    10.0.1.128/25"
    )


def test_changes() -> None:
    assert changes_sentence({"create": 14, "same": 3}) == "14 created, 3 unchanged"
    assert changes_sentence({}) == "nothing to do"


# Settings and the target


def test_settings_get_the_project_as_prefix() -> None:
    assert parse_settings(["zone=AZ2", "ctyun:endpoint=http://x/?a=b"]) == {
        "drlab:zone": "AZ2",
        "ctyun:endpoint": "http://x/?a=b",
    }


def test_what_is_given_beats_what_is_stored() -> None:
    stored = {"drlab:target": "ctyun", "drlab:confirmBilling": True}
    assert target_of(stored, {}) == Target("ctyun", True)
    assert target_of(stored, {"drlab:target": "local"}).is_local
    assert target_of({}, {}) == Target("local", False)


def test_a_settings_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.single-host.yaml"
    assert read_settings(path) == {}
    path.write_text("config: [")
    with pytest.raises(UserError, match=r"Pulumi\.single-host\.yaml cannot be read"):
        read_settings(path)


def test_most_of_the_key_of_an_account_is_hidden() -> None:
    assert account({"CTYUN_AK": "0123456789abcdef0123456789abcdef"}) == "0123…cdef"
    assert account({}) == "(none)"


def test_folders_follow_their_variables() -> None:
    own = Folders.from_environment({"HOME": "/home/me", "DRLAB_STATE": "/s", "DRLAB_CACHE": "/c"})
    assert (own.state, own.cache) == (Path("/s"), Path("/c"))
    xdg = Folders.from_environment({"HOME": "/home/me", "XDG_STATE_HOME": "/x/state", "XDG_CACHE_HOME": "/x/cache"})
    assert (xdg.state, xdg.cache) == (Path("/x/state/drlab"), Path("/x/cache/drlab"))
    plain = Folders.from_environment({"HOME": "/home/me"})
    assert (plain.state, plain.cache) == (Path("/home/me/.local/state/drlab"), Path("/home/me/.cache/drlab"))


def test_the_state_folder_is_closed_to_others(tmp_path: Path) -> None:
    folders = Folders(tmp_path, tmp_path / "a/b", tmp_path)
    folders.ensure_state()
    assert folders.state.stat().st_mode & 0o777 == 0o700


# Leftovers


def test_the_scan_as_the_cloud_prints_it() -> None:
    text = json.dumps([{"kind": "container", "name": "drlab-k3f9a2-i-1", "detail": "server"}, {"kind": "nft", "name": "t"}])
    assert parse_scan(text) == [Leftover("container", "drlab-k3f9a2-i-1", "server"), Leftover("nft", "t", "")]


def test_what_serves_a_living_resource_is_no_leftover() -> None:
    owned = {"vpc-5fqh6wn6q8", "faaaf7bf-321d-4502-ade3-6a62474a6699", "key"}
    assert is_accounted_for(Leftover("container", "drlab-k3f9a2-router-vpc-5fqh6wn6q8"), owned)
    assert is_accounted_for(Leftover("record", "faaaf7bf-321d-4502-ade3-6a62474a6699"), owned)
    assert not is_accounted_for(Leftover("container", "drlab-k3f9a2-router-vpc-other"), owned)
    assert not is_accounted_for(Leftover("container", "monkey"), owned), "short ids stand in anything"


def test_nodes_of_a_database_are_known_by_the_beginning_of_its_id() -> None:
    mysql = Resource("urn", "ctyun:rds:MysqlInstance", "b283d5a075c04fb4a37f1d4c6c0a1f00", {}, {}, True)
    assert is_accounted_for(Leftover("container", "drlab-k3f9a2-db-b283d5a075-2"), names_of(mysql))
    assert not is_accounted_for(Leftover("container", "drlab-k3f9a2-db-c283d5a075-2"), names_of(mysql))


def test_what_no_stack_holds_is_found_and_default_groups_are_their_vpcs_own() -> None:
    things = [
        Thing("server", "i-1", "single-host-web-01"),
        Thing("server", "i-2", "made-by-hand"),
        Thing("security group", "sg-1", "default"),
        Thing("security group", "sg-2", "own-group"),
    ]
    assert [thing.id for thing in without_owner(things, {"i-1"})] == ["i-2", "sg-2"]


def test_a_backup_is_accounted_for_with_its_vault() -> None:
    things = [
        Thing("server backup", "b-1", "nightly", holder="vault-1"),
        Thing("server backup", "b-2", "nightly", holder="vault-2"),
    ]
    assert [thing.id for thing in without_owner(things, {"vault-1"})] == ["b-2"]


# Faults


def test_a_fault_says_its_instant_its_proof_and_whom_it_hits() -> None:
    fault = Fault("f-1", "power-off", "zone:华东1/AZ1", "2026-11-21T09:20:34.139751+00:00", True, "none runs", (), None)
    hit = Fault("f-2", "kill", "server:web", "now", False, "still there", ("single-host-web-01", "dual-web-01"), None)
    assert fault_lines(fault, ["single-host"]) == [
        "f-1  power-off of zone:华东1/AZ1, at 2026-11-21T09:20:34.139751+00:00",
        "  proved: none runs",
        "  hits   no server",
        "  undo   ./lab fault undo f-1",
    ]
    assert fault_lines(hit, ["single-host", "dual"])[1:] == [
        "  NOT proved: still there",
        "  hits   single-host: web-01; dual: web-01",
    ]


def test_power_on_says_what_came_back() -> None:
    answer = {"undone": ["f-1"], "started": ["single-host-web-01"]}
    assert power_on_line("AZ1", answer, ["single-host"]) == "AZ1: power is back (fault f-1 undone; started single-host: web-01)"
    assert power_on_line("AZ1", {"undone": [], "started": []}, []) == "AZ1: nothing was off"


# Waiting for the site; ports


def test_the_site_answers_when_both_pages_do() -> None:
    answers = iter(["200", "503", "200", "200"])
    assert await_site("http://site", local=True, get=lambda url: next(answers)) >= 0


def test_a_site_that_does_not_answer_is_told_with_what_was_seen() -> None:
    seen = {"http://site/": "200", "http://site/api.php": "503"}
    with pytest.raises(UserError, match=r"Waited 0 s for the site http://site to answer; last seen: / 200, /api\.php 503\."):
        await_site("http://site", local=True, seconds=0, get=seen.__getitem__)


def test_a_taken_port_is_not_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not is_free(taken.getsockname()[1])


def test_a_cloud_that_ends_before_its_answer_has_left_is_stopped_all_the_same(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    record = CloudRecord("c", url, Credentials("a" * 32, "s" * 32), "k", process.pid)
    Cloud(Folders(tmp_path, tmp_path, tmp_path))._tell_to_stop(record, force=True)
