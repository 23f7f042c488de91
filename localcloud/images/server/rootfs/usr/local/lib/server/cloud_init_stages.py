"""All of cloud-init's boot stages in one process.

Debian's four units start the interpreter and import cloud-init four times, which is most of their three seconds. The stages
themselves, their order, their status files and their log are cloud-init's own; upstream went the same way in version 24.3.

systemd is told READY after the `init` stage: by then login keys and host keys are in place and sshd may start. The final stage
waits until the rest of the boot is through, so that user data may start and restart services.
"""

import os
import socket
import subprocess
import sys

from cloudinit import log
from cloudinit.cmd.main import main

BOOT_TIMEOUT_S = 60  # a unit that hangs must not keep user data from running


def tell_systemd(message: str) -> None:
    """Send one sd_notify message; without systemd nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\0" + address[1:] if address.startswith("@") else address)
        sock.sendall(message.encode())


def wait_for_boot() -> None:
    """Wait until systemd has no boot jobs left (degraded counts: user data may be what repairs it)."""
    try:
        subprocess.run(["systemctl", "is-system-running", "--wait"], stdout=subprocess.DEVNULL, timeout=BOOT_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        print(f"boot not finished after {BOOT_TIMEOUT_S} s; user data runs all the same", file=sys.stderr)


def run(*stage: str) -> int:
    """Run one stage; returns its number of errors. Each stage sets up logging anew, which would double every line."""
    log.resetLogging()
    return int(main(["cloud-init", *stage]) or 0)


if __name__ == "__main__":
    os.environ.setdefault("TZ", ":/etc/localtime")
    errors = run("init", "--local") + run("init")
    tell_systemd("READY=1")
    errors += run("modules", "--mode=config")
    wait_for_boot()
    errors += run("modules", "--mode=final")
    sys.exit(1 if errors else 0)
