"""Rule sets: one script, one namespace, one transaction."""

from __future__ import annotations

import subprocess

from localcloud.agent.errors import OpError
from localcloud.agent.kernel import must_be_in_container, network_namespace


def apply(pid: int, container: str, script: str) -> None:
    """Load an nft script in a container's network namespace: all of it or nothing."""
    must_be_in_container(pid, container)
    with network_namespace(pid):
        load(script)


def load(script: str) -> None:
    """Load an nft script where this thread is. Raises OpError with what nft says."""
    # The child is forked by this very thread, so it starts in this thread's namespace.
    done = subprocess.run(["nft", "-f", "-"], input=script.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise OpError(f"nft refused the rules: {done.stderr.decode(errors='replace').strip()[:2000]}")
