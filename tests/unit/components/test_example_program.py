"""The example, run as a program: what it asks for is taken by the provider, and none of it is the course's."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples/static_pages"


def test_the_example_builds_a_page_server_in_another_region(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLE)
    recorder = build(lambda: runpy.run_path("__main__.py") and None)
    assert recorder.problems == []
    servers = {
        inputs["name"]: (inputs["region"], inputs["zone"]) for (kind, _), inputs in recorder.seen.items() if kind == "Instance"
    }
    assert servers == {"pages-jump-host": ("华北2", "AZ2"), "pages-web": ("华北2", "AZ2")}
    assert recorder.seen["RemoteFiles", "web-site"]["files"] == [{"path": "/var/www/html", "source": "pages"}]
    assert "hr" not in str(recorder.seen["RemoteCommand", "web-site"])
