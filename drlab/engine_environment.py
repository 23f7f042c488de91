"""The environments that `./lab` gives to what it starts: to the engine what it needs, and nothing else that a shell has set.

A backend, a passphrase or a compressed state of somebody's other project must not decide where a lab's state is. Plain
`pulumi` obeys such variables, and says so (drlab/setup/launchers.py).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from drlab.folders import Folders

TAKEN = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ"),
    *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"),  # the way to the real cloud
    *("CTYUN_AK", "CTYUN_SK", "CTYUN_EOP_TIME"),  # the keys of the real cloud, and how it signs
    *("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
)
SET = {
    "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",  # a plugin on PATH would stand before the one of the version that is asked for
    "DRLAB_DEBUG_MESSAGES": "off",  # of the program: see drlab/events.py why they are thrown away, and launch.py what that saves
}


def python_environment(folders: Folders) -> dict[str, str]:
    """For the local cloud: the shell's, but its text is UTF-8 in every terminal."""
    shell = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    return {**shell, "PYTHONUTF8": "1", "DRLAB_STATE": str(folders.state)}


def engine_environment(folders: Folders, inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """For the wrapper `.venv/bin/pulumi`, which adds the backend, the passphrase and the rest."""
    shell = os.environ if inherited is None else inherited
    taken = {name: value for name, value in shell.items() if name in TAKEN}
    return {**taken, **SET, "DRLAB_STATE": str(folders.state), "DRLAB_CACHE": str(folders.cache)}
