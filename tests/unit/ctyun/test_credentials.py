"""Where keys come from, and what is said when they are not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ctyun import (
    Client,
    ConfigurationError,
    Credentials,
    cloud_record,
    ctyun_credentials,
    local_credentials,
    running_cloud,
)
from ctyun.client import CHINA, eop_zone

AK, SK = "A" * 32, "S" * 32
RECORD = {
    "id": "k3f9a2",
    "url": "http://127.0.0.1:8750",
    "tlsUrl": None,
    "caFile": None,
    "accessKey": AK,
    "secretKey": SK,
    "localKey": "L" * 40,
    "pid": os.getpid(),
    "internetCidr": "198.18.0.0/20",
}


def write(state: Path, **changes: Any) -> Path:
    (state / "cloud.json").write_text(json.dumps({**RECORD, **changes}))
    return state


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_the_record_of_a_running_cloud(tmp_path: Path) -> None:
    write(tmp_path, tlsUrl="https://127.0.0.1:8751", caFile="/ca.pem")
    record = running_cloud(tmp_path)
    assert (record.id, record.url, record.tls_url, record.ca_file) == (
        "k3f9a2",
        "http://127.0.0.1:8750",
        "https://127.0.0.1:8751",
        Path("/ca.pem"),
    )
    assert record.internet_cidr == "198.18.0.0/20"
    assert local_credentials(tmp_path) == Credentials(AK, SK)


def test_no_secret_in_the_representation(tmp_path: Path) -> None:
    shown = repr(cloud_record(write(tmp_path)))
    assert SK not in shown
    assert "LLLL" not in shown


def test_a_cloud_that_never_ran(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"No local cloud has run with .*: start it with \./lab cloud start\."):
        local_credentials(tmp_path)


def test_a_stopped_cloud_has_a_record_but_does_not_run(tmp_path: Path) -> None:
    write(tmp_path, pid=None)
    assert cloud_record(tmp_path).id == "k3f9a2"
    with pytest.raises(ConfigurationError, match=r"is not running: start it with \./lab cloud start\."):
        Client.local(tmp_path)


def test_a_killed_cloud_is_not_running(tmp_path: Path) -> None:
    write(tmp_path, pid=dead_pid())
    with pytest.raises(ConfigurationError, match="is not running"):
        running_cloud(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{half", "it is damaged"), ('{"id": "x", "url": "u"}', "it lacks accessKey"), ("[]", "it is damaged")],
)
def test_a_damaged_record(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "cloud.json").write_text(text)
    with pytest.raises(ConfigurationError, match=f"cannot be read \\({reason}\\)"):
        local_credentials(tmp_path)


def test_keys_of_the_real_cloud() -> None:
    assert ctyun_credentials({"CTYUN_AK": AK, "CTYUN_SK": SK}) == Credentials(AK, SK)


def test_all_problems_with_the_keys_at_once() -> None:
    with pytest.raises(ConfigurationError, match="CTYUN_AK has 3 characters instead of 32; CTYUN_SK is not set") as caught:
        ctyun_credentials({"CTYUN_AK": "abc"})
    assert "abc" not in str(caught.value)


def test_keys_of_the_wrong_length_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="the access key has 2 characters and the secret key has 1 characters"):
        Credentials("ab", "c")


def test_the_zone_of_the_date_is_a_setting() -> None:
    assert eop_zone("China") is CHINA
    with pytest.raises(ConfigurationError, match="CTYUN_EOP_TIME is 'mars'; it can be utc, china, local"):
        eop_zone("mars")
