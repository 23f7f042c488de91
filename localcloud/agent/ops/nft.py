"""Rule sets: one script, one namespace, one transaction."""

from __future__ import annotations

import subprocess

from localcloud.agent.errors import OpError


def load(script: str) -> None:
    """Load an nft script where this thread is. Raises OpError with what nft says."""
    # The child is forked by this very thread, so it starts in this thread's namespace.
    done = subprocess.run(["nft", "-f", "-"], input=script.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise OpError(f"nft refused the rules: {done.stderr.decode(errors='replace').strip()[:2000]}")
