"""Database nodes: their disk as a file system at /data, whether MariaDB greets on an address, copies of binary logs."""

from __future__ import annotations

import os
import select
import socket
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from localcloud.agent import loops
from localcloud.agent.errors import OpError
from localcloud.agent.kernel import must_be_in_container, network_namespace
from localcloud.agent.waiting import turn

DATA, DEVICE = "/data", "/dev/drlab-data"
_SUPERBLOCK = 1024  # where that of ext4 begins
_MAGIC_AT, _MAGIC = 0x438, b"\x53\xef"  # in it; mke2fs writes it last
_BLOCKS_LOW, _BLOCK_SIZE, _BLOCKS_HIGH = 0x4, 0x18, 0x150  # fields of it
_SLACK = 1 << 20  # bytes behind a file system that make no larger one worth while
_REPAIRED = 1  # e2fsck's exit status: there was something to put right, and it is
# Few inodes and a small journal: a hundred GiB of which nothing is used yet cost some MiB, and are formatted in no time.
_FORMAT = ("mke2fs", "-q", "-F", "-t", "ext4", "-T", "largefile", "-m", "0", "-J", "size=32")
_CHUNK = 1 << 20


def mount(pid: int, container: str, file: str, viewer: int, owner: int) -> dict[str, Any]:
    """The disk in `file` (as process `viewer` names it) at /data of a running node; {"new": True} when it was blank.

    A blank one is formatted; its root folder belongs to user and group `owner`. One that has become larger gets a larger file
    system before it is mounted: afterwards that takes CAP_SYS_RESOURCE, which some machines lack.
    """
    must_be_in_container(pid, container)
    with turn(container):
        return {"new": not _is_mounted(pid) and _mount(pid, container, file, viewer, owner)}


def _mount(pid: int, container: str, file: str, viewer: int, owner: int) -> bool:
    """Whether the disk was blank."""
    number = loops.attach(file, viewer)
    loops.resize(number)  # it may have been attached before it grew
    device = f"/dev/loop{number}"
    blank = not _is_formatted(number)
    if blank:
        options = f"lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner={owner}:{owner}"
        _run((*_FORMAT, "-E", options, device), f"the disk {file} cannot be formatted")
    elif _has_grown(device):
        # A power cut leaves a journal, and resize2fs takes no file system that was not looked at since.
        _run(("e2fsck", "-f", "-p", device), f"the file system on the disk {file} cannot be checked", fine=_REPAIRED)
        _run(("resize2fs", device), f"the file system on the disk {file} cannot be made larger")
    node = loops.seen_by(pid, DEVICE)
    node.unlink(missing_ok=True)
    os.mknod(node, stat.S_IFBLK | 0o600, os.makedev(loops.LOOP_MAJOR, number))
    # noinit_itable: the kernel would otherwise write out the inode tables that lazy_itable_init has spared.
    command = ("nsenter", "-t", str(pid), "-m", "--", "mount", "-t", "ext4", "-o", "noatime,noinit_itable", DEVICE, DATA)
    _run(command, f"the disk {file} cannot be mounted in container {container[:12]}")
    return blank


def greets(pid: int, container: str, addresses: list[str], port: int, seconds: float) -> list[str]:
    """Those addresses on whose port a server says something within `seconds`, seen from the router `container`."""
    must_be_in_container(pid, container)
    asked: dict[socket.socket, str] = {}
    greeting = []
    try:
        with network_namespace(pid):
            for address in addresses:
                asked[_begun(address, port)] = address
        poll, deadline = select.poll(), time.monotonic() + seconds
        by_number = {found.fileno(): found for found in asked}
        for number in by_number:
            poll.register(number, select.POLLIN)
        while by_number and (left := deadline - time.monotonic()) > 0:
            for number, _event in poll.poll(left * 1000):
                poll.unregister(number)
                if _says_something(found := by_number.pop(number)):
                    greeting.append(asked[found])
    finally:
        for found in asked:
            found.close()
    return greeting


def keep_log(pid: int, container: str, source: str, target: str, size: int, viewer: int) -> dict[str, Any]:
    """Append to the host's file `target` what the node's file `source` has beyond it, up to `size`; {"bytes": how many}.

    `target` (as process `viewer` names it) then belongs to its folder's owner.
    """
    must_be_in_container(pid, container)
    wanted = loops.seen_by(viewer, target)
    with turn(target), loops.seen_by(pid, source).open("rb") as reading, wanted.open("ab") as writing:
        kept = writing.tell()
        reading.seek(kept)
        left = size - kept
        while left > 0 and (data := reading.read(min(_CHUNK, left))):
            writing.write(data)
            left -= len(data)
        writing.flush()
        os.fsync(writing.fileno())
    folder = wanted.parent.stat()
    os.chown(wanted, folder.st_uid, folder.st_gid)
    wanted.chmod(0o644)
    return {"bytes": max(size - kept - max(left, 0), 0)}


def _is_mounted(pid: int) -> bool:
    return any(line.split(" ")[4] == DATA for line in Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines())


def _is_formatted(number: int) -> bool:
    descriptor = os.open(f"/dev/loop{number}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, len(_MAGIC), _MAGIC_AT) == _MAGIC
    finally:
        os.close(descriptor)


def _has_grown(device: str) -> bool:
    """Whether the device has room behind its file system."""
    descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        block = os.pread(descriptor, 1024, _SUPERBLOCK)
        size = os.lseek(descriptor, 0, os.SEEK_END)
    finally:
        os.close(descriptor)
    low, exponent, high = (int.from_bytes(block[at : at + 4], "little") for at in (_BLOCKS_LOW, _BLOCK_SIZE, _BLOCKS_HIGH))
    return size - ((high << 32 | low) << 10 + exponent) >= _SLACK


def _run(command: tuple[str, ...], failure: str, fine: int = 0) -> None:
    """`fine`: an exit status besides 0 that is none of a failure."""
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, fine):
        raise OpError(f"{failure}: {(done.stderr or done.stdout).decode(errors='replace').strip()[:500]}")


def _begun(address: str, port: int) -> socket.socket:
    """A connection that is on its way, from this thread's network namespace."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    with suppress(BlockingIOError, OSError):  # what went wrong shows when it is read from
        found.connect((address, port))
    return found


def _says_something(found: socket.socket) -> bool:
    try:
        return bool(found.recv(1))
    except OSError:
        return False
