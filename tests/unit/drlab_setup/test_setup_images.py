"""Missing images are built one after the other, in the local cloud's order, on Debian as this machine reaches it."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from drlab.errors import UserError
from drlab.folders import Folders
from drlab.setup import images as module
from drlab.setup.children import Children, CommandFailed, DiskFull
from drlab.setup.images import Image, ImageList, build_command, build_images, list_images, pack


class FakeDocker(Children):
    def __init__(self, failure: CommandFailed | None = None) -> None:
        super().__init__()
        self.commands: list[list[str]] = []
        self.failure = failure

    def run(self, command: Any, *, tell: Any = lambda line: None, **settings: Any) -> Any:
        self.commands.append([*command])
        tell("Step 1/2")
        if self.failure:
            raise self.failure
        return []


def image(name: str, base: str) -> Image:
    raw = {"name": name, "ref": f"drlab/{name}:1", "context": "/c", "dockerfile": "/d/Dockerfile", "base": base}
    return Image.from_json(raw)


@pytest.fixture
def host_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "build_host_base", lambda children, tell, environ: "drlab/base:abc")


@pytest.mark.usefixtures("host_base")
def test_images_are_built_in_order_on_their_bases(tmp_path: Path) -> None:
    docker, told = FakeDocker(), list[str]()
    build_images([image("debian", "debian:bookworm"), image("lamp", "drlab/debian:1")], docker, told.append, tmp_path)
    assert [command[command.index("-t") + 1] for command in docker.commands] == ["drlab/debian:1", "drlab/lamp:1"]
    bases = [word for command in docker.commands for word in command if word.startswith("BASE=")]
    assert bases == ["BASE=drlab/base:abc", "BASE=drlab/debian:1"]
    assert docker.commands[0][-3:] == ["-f", "/d/Dockerfile", "/c"]
    assert "drlab/lamp:1: Step 1/2" in told


@pytest.mark.usefixtures("host_base")
def test_a_build_that_fails_names_the_image_and_shows_the_output(tmp_path: Path) -> None:
    failure = CommandFailed(["docker", "build", "-t", "drlab/debian:1"], 100, ["E: Unable to locate package frob"])
    with pytest.raises(UserError, match=r"drlab/debian:1(.*\n)*.*Unable to locate package frob"):
        build_images([image("debian", "debian:bookworm")], FakeDocker(failure), lambda line: None, tmp_path)


@pytest.mark.usefixtures("host_base")
def test_a_full_disk_while_building_an_image(tmp_path: Path) -> None:
    failure = CommandFailed(["docker", "build"], 1, ["write /var/lib/docker/x: no space left on device"])
    with pytest.raises(DiskFull, match="building an image in /var/lib/docker"):
        build_images([image("debian", "debian:bookworm")], FakeDocker(failure), lambda line: None, tmp_path)


def test_a_proxys_address_is_not_in_the_arguments() -> None:
    command = build_command("drlab/debian:1", "debian:bookworm", {"http_proxy": "http://user:secret@proxy.example"})
    assert command[-2:] == ["--build-arg", "http_proxy"]
    assert "secret" not in " ".join(command)


def test_the_list_is_asked_for_once_and_presence_each_time() -> None:
    asked, present = list[str](), set[str]()

    def list_images() -> list[Image]:
        asked.append("list")
        return [image("agent", "debian:bookworm"), image("debian", "debian:bookworm")]

    images = ImageList(list_images, present.__contains__)
    assert [one.name for one in images.missing()] == ["agent", "debian"]
    present.add("drlab/agent:1")
    assert [one.name for one in images.missing()] == ["debian"]
    assert asked == ["list"]


def test_the_cloud_is_asked_again_when_a_file_has_changed(folders: Folders) -> None:
    asked: list[str] = []

    def ask(_: Folders) -> str:
        asked.append("list")
        return '[{"name": "agent", "ref": "drlab/agent:1", "context": "/c", "dockerfile": "Dockerfile", "base": null}]'

    dockerfile = folders.root / "Dockerfile"
    dockerfile.write_text("FROM debian")
    assert list_images(folders, ask) == list_images(folders, ask) and len(asked) == 2, "where there is no state nothing is kept"
    folders.ensure_state()
    assert list_images(folders, ask) == list_images(folders, ask) and len(asked) == 3
    dockerfile.chmod(0o755)
    assert [one.ref for one in list_images(folders, ask)] == ["drlab/agent:1"] and len(asked) == 4
    dockerfile.write_text("FROM debian:12")
    list_images(folders, ask)
    assert len(asked) == 5


def test_a_build_context_in_memory() -> None:
    descriptor = pack({"Dockerfile": b"FROM x\n", "files/etc/apt/sources.list": b"# none\n"})
    with os.fdopen(descriptor, "rb") as file, tarfile.open(fileobj=file) as tar:
        assert tar.getnames() == ["Dockerfile", "files/etc/apt/sources.list"]


def test_a_null_base_is_debian() -> None:
    assert image("agent", None).stands_on_debian  # type: ignore[arg-type]
    assert image("agent", "debian:bookworm").dockerfile == Path("/d/Dockerfile")
