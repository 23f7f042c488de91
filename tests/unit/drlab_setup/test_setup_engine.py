"""The engine comes from PATH, the vendor or its Go module, in this order; never half."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from drlab.errors import UserError
from drlab.folders import Folders
from drlab.setup.children import Cancelled, Children, CommandFailed, DiskFull
from drlab.setup.engine_edits import CUTS, Cut, copy_edited, recipe_digest
from drlab.setup.engine_source import EXEC_NAME, RECIPE_NAME, VERSION, Source, Unavailable
from drlab.setup.go_build import FLAGS, go_environment, install_from_source
from drlab.setup.golang import GoCaches, find_go, own_caches, parse_version
from drlab.setup.pulumi_engine import copy_installed, engine_folder, install_engine, missing_engine, sources
from drlab.setup.vendor import ARCHIVES, Archive, fast_enough, install_from_vendor

PULUMI = f"#!/bin/sh\necho v{VERSION}\n"


def quiet(line: str) -> None: ...


def fill(target: Path, pulumi: str = PULUMI) -> None:
    for name in ("pulumi", EXEC_NAME):
        (target / name).write_text(pulumi)
        (target / name).chmod(0o755)


def works(name: str, tried: list[str]) -> Source:
    def install(target: Path, tell: object) -> str:
        tried.append(name)
        fill(target)
        return f"from {name}"

    return Source(name, install)


def refuses(name: str, tried: list[str], silent: bool = False) -> Source:
    def install(target: Path, tell: object) -> str:
        tried.append(name)
        (target / "half").write_text("x")
        raise Unavailable(f"{name}: not here")

    return Source(name, install, silent)


def breaks(failure: BaseException) -> Source:
    def install(target: Path, tell: object) -> str:
        fill(target)
        raise failure

    return Source("broken", install)


def test_the_real_order_is_path_vendor_module(folders: Any) -> None:
    assert [source.name for source in sources(folders, Children())] == ["on PATH", "vendor", "Go module"]


def test_the_first_source_that_can_serve_is_the_last_one_tried(folders: Any) -> None:
    tried: list[str] = []
    notes: list[str] = []
    plan = [refuses("PATH", tried, silent=True), refuses("vendor", tried), works("module", tried), works("never", tried)]
    assert install_engine(folders.cache, plan, quiet, notes.append) == "from module"
    assert tried == ["PATH", "vendor", "module"]
    assert notes == ["not from vendor: not here"]
    assert missing_engine(folders) is None
    assert sorted(path.name for path in engine_folder(folders).iterdir()) == ["pulumi", EXEC_NAME]


def test_when_nothing_serves_every_reason_is_given_and_nothing_is_left(folders: Any) -> None:
    with pytest.raises(UserError) as failed:
        install_engine(folders.cache, [refuses("PATH", []), refuses("vendor", [])], quiet, quiet)
    assert (
        failed.value.message
        == f"The Pulumi engine {VERSION} could not be had from anywhere:\n- PATH: not here\n- vendor: not here"
    )
    assert list((folders.cache / "pulumi").iterdir()) == []


@pytest.mark.parametrize("failure", [Cancelled(), KeyboardInterrupt(), DiskFull("full")])
def test_an_interruption_leaves_no_half_engine(folders: Any, failure: BaseException) -> None:
    with pytest.raises(type(failure)):
        install_engine(folders.cache, [breaks(failure)], quiet, quiet)
    assert list((folders.cache / "pulumi").iterdir()) == []
    assert missing_engine(folders) is not None


def test_what_a_killed_set_up_left_is_not_taken_for_an_engine_and_goes_away(folders: Any) -> None:
    left = folders.cache / "pulumi" / f"{VERSION}.new" / "bin"
    left.mkdir(parents=True)
    fill(left, "half")
    assert missing_engine(folders) is not None
    install_engine(folders.cache, [works("module", [])], quiet, quiet)
    assert [path.name for path in (folders.cache / "pulumi").iterdir()] == [VERSION]


def test_a_full_disk_while_installing_is_a_sentence(folders: Any) -> None:
    with pytest.raises(DiskFull, match="installing the Pulumi engine") as failed:
        install_engine(folders.cache, [breaks(OSError(errno.ENOSPC, "No space left on device"))], quiet, quiet)
    assert failed.value.hint == "free some space, or name a folder on another disk in DRLAB_CACHE"


def test_an_engine_that_says_another_version_is_not_kept(folders: Any) -> None:
    def install(target: Path, tell: object) -> str:
        fill(target, "#!/bin/sh\necho v3.1.0\n")
        return "built"

    with pytest.raises(UserError, match=r"does not say that it is 3\.250\.0"):
        install_engine(folders.cache, [Source("odd", install)], quiet, quiet)
    assert missing_engine(folders) is not None


def make_installation(folder: Path, says: str = PULUMI, with_script: bool = True) -> str:
    folder.mkdir()
    fill(folder, says)
    if not with_script:
        (folder / EXEC_NAME).unlink()
    return str(folder)


def test_an_installed_engine_of_this_version_is_copied(tmp_path: Path) -> None:
    old = make_installation(tmp_path / "old", "#!/bin/sh\necho v3.9.0\n")
    bare = make_installation(tmp_path / "bare", with_script=False)
    ours = make_installation(tmp_path / "ours", f"#!/bin/sh\n# Written by ./lab: x\necho v{VERSION}\n")
    good = make_installation(tmp_path / "good")
    (target := tmp_path / "target").mkdir()
    assert "good/pulumi" in copy_installed(target, os.pathsep.join([old, bare, ours, good]))
    assert (target / "pulumi").read_text() == PULUMI
    with pytest.raises(Unavailable, match=r"PATH: no pulumi 3\.250\.0 there"):
        copy_installed(target, os.pathsep.join([old, bare, ours]))


def packed(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(PULUMI)
            tar.addfile(entry, io.BytesIO(PULUMI.encode()))
    return buffer.getvalue()


WHOLE = packed("pulumi/pulumi", "pulumi/pulumi-language-python", f"pulumi/{EXEC_NAME}", "pulumi/pulumi-language-go", "../../evil")


BARE = packed("pulumi/pulumi")


def vendor(target: Path, answer: Callable[[httpx.Request], httpx.Response], sha256: str = "") -> str:
    archives = {"x86_64": Archive("linux-x64", sha256 or hashlib.sha256(WHOLE).hexdigest())}
    return install_from_vendor(target, quiet, lambda: None, "x86_64", archives, httpx.MockTransport(answer))


def test_the_vendors_archive_is_unpacked_by_last_names(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=WHOLE)

    vendor(tmp_path, answer)
    assert asked == ["https://get.pulumi.com/releases/sdk/pulumi-v3.250.0-linux-x64.tar.gz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pulumi", "pulumi-language-python", EXEC_NAME]
    assert os.access(tmp_path / "pulumi", os.X_OK)


def no_route(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route to host")


@pytest.mark.parametrize(
    ("answer", "sha256", "reason"),
    [
        (no_route, "", "is not reached (no route to host)"),
        (lambda request: httpx.Response(403), "", "answered 403"),
        (lambda request: httpx.Response(200, content=WHOLE), "0" * 64, "expected " + "0" * 64),
        (
            lambda request: httpx.Response(200, content=BARE),
            hashlib.sha256(BARE).hexdigest(),
            f"the archive lacks pulumi-language-python, {EXEC_NAME}",
        ),
    ],
)
def test_a_vendor_that_cannot_serve_says_why_and_leaves_no_archive(tmp_path: Path, answer: Any, sha256: str, reason: str) -> None:
    with pytest.raises(Unavailable) as refused:
        vendor(tmp_path, answer, sha256)
    assert reason in str(refused.value)
    assert not list(tmp_path.glob("*.gz"))


def test_without_a_known_checksum_nothing_is_downloaded(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no checksum is known for riscv64"):
        install_from_vendor(tmp_path, quiet, lambda: None, "riscv64", transport=httpx.MockTransport(no_route))


def test_checksums_are_whole() -> None:
    assert {machine: len(bytes.fromhex(archive.sha256)) for machine, archive in ARCHIVES.items()} == {"x86_64": 32, "aarch64": 32}


def chunks_every(seconds: float, size: int, clock: list[float]) -> Iterator[bytes]:
    while True:
        clock[0] += seconds
        yield b"x" * size


def test_a_slow_download_is_given_up_after_one_window() -> None:
    clock = [0.0]
    with pytest.raises(Unavailable, match=r"too slow \(50 KB/s\)"):
        for _ in fast_enough(chunks_every(1.0, 50_000, clock), lambda: clock[0]):
            assert clock[0] <= 21
    assert clock[0] == 20


def test_a_fast_download_goes_on() -> None:
    clock = [0.0]
    stream = fast_enough(chunks_every(1.0, 150_000, clock), lambda: clock[0])
    assert sum(len(next(stream)) for _ in range(100)) == 15_000_000


def a_go(cache: Path, children: Children, tell: object) -> Path:
    return Path("go")


class FakeGo(Children):
    """Stands in for the commands of a build."""

    def __init__(self, act: Callable[[list[str]], None]) -> None:
        super().__init__()
        self.act = act

    def run(self, command: Any, **settings: Any) -> Any:
        self.act([*command])
        return []


def test_a_failed_build_keeps_what_go_has_done_for_the_next_try(folders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(command: list[str]) -> None:
        (folders.cache / "build/engine/compiled").mkdir()
        raise CommandFailed(command, 1, ["dial tcp: i/o timeout"])

    folders.cache.mkdir()
    with pytest.raises(Unavailable, match="GOPROXY"):
        install_from_source(folders.cache, folders.cache, FakeGo(fails), quiet, needed_bytes=0, provide_go=a_go)
    assert (folders.cache / "build/engine/compiled").exists()


def test_a_full_disk_while_building_is_a_sentence_and_removes_the_build(folders: Any) -> None:
    def fills(command: list[str]) -> None:
        raise CommandFailed(command, 1, ["link: write /x: no space left on device"])

    folders.cache.mkdir()
    with pytest.raises(DiskFull, match=r"The disk is full: building the Pulumi engine in .*/cache could not be finished"):
        install_from_source(folders.cache, folders.cache, FakeGo(fills), quiet, needed_bytes=0, provide_go=a_go)
    assert not (folders.cache / "build/engine").exists()


def test_too_little_space_is_refused_before_anything_begins(folders: Any) -> None:
    folders.cache.mkdir()
    with pytest.raises(DiskFull, match=r"needs 1000000\.0 GB for a few minutes"):
        install_from_source(folders.cache, folders.cache, FakeGo(lambda command: None), quiet, needed_bytes=10**15)
    assert list(folders.cache.iterdir()) == []


def test_on_a_bare_machine_go_writes_into_the_scratch_folder_only_and_never_changes_what_is_pinned() -> None:
    scratch = Path("/cache/build/engine")
    caches = own_caches(Path("go"), scratch, lambda go: ["/not/there", ""])
    environ = go_environment(scratch, caches)
    assert all(environ[name].startswith("/cache/build/engine/") for name in ("GOMODCACHE", "GOCACHE", "GOTMPDIR"))
    assert environ["GOFLAGS"].split() == ["-mod=readonly", "-buildvcs=false", "-modcacherw"]
    assert "GOPROXY" not in environ


def test_go_caches_that_the_machine_has_serve_and_are_left_as_go_leaves_them(tmp_path: Path) -> None:
    caches = own_caches(Path("go"), Path("/scratch"), lambda go: [str(tmp_path), "/not/there"])
    assert caches == GoCaches(tmp_path, Path("/scratch/compiled"))
    assert "-modcacherw" not in go_environment(Path("/scratch"), caches)["GOFLAGS"]


def test_what_is_compiled_is_the_same_in_every_folder() -> None:
    """Else Go's cache would not know it again in the next scratch folder."""
    assert "-trimpath" in FLAGS


def test_a_cut_takes_out_what_it_names_and_refuses_another_text() -> None:
    assert Cut("a.go", "one\n").apply("zero\none\ntwo\n") == "zero\ntwo\n"
    assert Cut("a.go", "one\n", "three\n", put="2.5\n").apply("one\ntwo\nthree\n") == "2.5\nthree\n"
    for text in ("two\n", "one\none\n"):
        with pytest.raises(ValueError, match=r"a\.go does not hold exactly once: one"):
            Cut("a.go", "one\n").apply(text)
    with pytest.raises(ValueError, match=r"a\.go does not go on to: three"):
        Cut("a.go", "one\n", "three\n").apply("one\ntwo\n")


def test_the_copy_is_cut_and_the_module_cache_stays_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "kept/testdata").mkdir(parents=True)
    for name in ("kept/one.go", "kept/one_test.go", "kept/testdata/big", "gone.go"):
        (source / name).write_text("import cloud\nrest\n")
    for path in (source / "kept/one.go", source / "kept", source):
        path.chmod(0o555 if path.is_dir() else 0o444)  # as Go leaves a module cache
    copy_edited(source, tmp_path / "copy", [Cut("kept/one.go", "import cloud\n")], ["gone.go"])
    assert (tmp_path / "copy/kept/one.go").read_text() == "rest\n"
    assert (source / "kept/one.go").read_text() == "import cloud\nrest\n"
    assert not any((tmp_path / "copy" / name).exists() for name in ("kept/one_test.go", "kept/testdata", "gone.go"))
    assert (tmp_path / "copy/backend/diy/left_out.go").exists()
    copy_edited(source, tmp_path / "copy", [], [])  # once more over it, as after an interruption


def test_each_file_is_cut_at_different_places() -> None:
    assert len({(cut.path, cut.begin) for cut in CUTS}) == len(CUTS)


def test_an_engine_of_another_recipe_is_built_anew(folders: Folders) -> None:
    install_engine(folders.cache, [works("module", [])], quiet, quiet)
    recipe = engine_folder(folders) / RECIPE_NAME
    assert missing_engine(folders) is None  # of the vendor's, or of before there were recipes
    recipe.write_text(recipe_digest())
    assert missing_engine(folders) is None
    recipe.write_text("another")
    assert missing_engine(folders) is not None


@pytest.mark.parametrize(
    ("text", "version"),
    [("go1.26.8", (1, 26, 8)), ("go1.25", (1, 25, 0)), ("go1.25rc1", (1, 25, 0)), ("devel +abc", None), ("", None)],
)
def test_go_versions(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


def test_the_first_go_that_is_new_enough() -> None:
    versions = {"/usr/bin/go": "go1.19.8", "/usr/local/go/bin/go": "go1.26.0", "/other": "go1.30.0"}
    assert find_go([*versions, "/absent"], versions.get) == Path("/usr/local/go/bin/go")
    assert find_go(["/usr/bin/go", "/absent"], versions.get) is None
