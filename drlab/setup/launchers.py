"""Small shell scripts in `.venv`: the `pulumi` wrapper, and launchers for the plugins that stand in for missing ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drlab.folders import Folders
from drlab.setup.engine_source import VERSION
from drlab.setup.engine_step import EXEC_NAME, engine_folder
from drlab.setup.steps import Step

# In both kinds of script the folders are found as drlab.folders does, so that one .venv serves any DRLAB_STATE and DRLAB_CACHE.
CACHE_LINE = "cache=${DRLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/drlab}"

WRAPPER = f"""#!/bin/sh
# Written by ./lab: plain `pulumi` with this project's backend, passphrase and plugins. What you have set yourself wins.
{CACHE_LINE}
state=${{DRLAB_STATE:-${{XDG_STATE_HOME:-$HOME/.local/state}}/drlab}}
venv=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
engine=$cache/pulumi/{VERSION}/bin
if [ ! -x "$engine/pulumi" ] || [ ! -r "$state/passphrase" ]; then
    echo "pulumi: nothing is set up yet in $cache and $state: run ./lab preview once" >&2
    exit 1
fi
export DRLAB_STATE="$state" DRLAB_CACHE="$cache"
export PULUMI_HOME="${{PULUMI_HOME:-$state/pulumi-home}}"
export PULUMI_BACKEND_URL="${{PULUMI_BACKEND_URL:-file://$state/pulumi}}"
export PULUMI_SKIP_UPDATE_CHECK="${{PULUMI_SKIP_UPDATE_CHECK:-1}}"
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="${{PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION:-true}}"
if [ -z "${{PULUMI_CONFIG_PASSPHRASE+set}}" ]; then
    export PULUMI_CONFIG_PASSPHRASE_FILE="${{PULUMI_CONFIG_PASSPHRASE_FILE:-$state/passphrase}}"
fi
export PATH="$venv/drlab-plugins:$engine:$PATH"
exec "$engine/pulumi" "$@"
"""

LAUNCHER = """#!/bin/sh
# Written by ./lab: stands in for {name}, which the engine {version} here came without.
{cache_line}
export DRLAB_LANGUAGE_EXEC="${{DRLAB_LANGUAGE_EXEC:-$cache/pulumi/{version}/bin/{exec_name}}}"
exec "${{0%/*}}/../bin/python" -P -m {module} "$@"
"""

STAND_INS: Mapping[str, str] = {
    "pulumi-language-python": "plugins.language_python",
    "pulumi-resource-random": "plugins.random_provider",
}


@dataclass(frozen=True)
class Script:
    """A file of `.venv` as it should be; `text` None: it should not be there."""

    path: Path
    text: str | None

    def is_right(self) -> bool:
        try:
            return self.path.read_text() == self.text
        except FileNotFoundError:
            return self.text is None

    def write(self) -> None:
        if self.text is None:
            self.path.unlink()
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        unfinished.write_text(self.text)
        unfinished.chmod(0o755)
        unfinished.replace(self.path)


def launchers_step(folders: Folders) -> Step:
    def missing() -> str | None:
        return "writing .venv/bin/pulumi and the plugins beside it" if wrong_scripts(folders) else None

    def act() -> str:
        wrong = wrong_scripts(folders)
        for script in wrong:
            script.write()
        return f"{', '.join(script.path.name for script in wrong)} written"

    return Step("wrapper", missing, lambda tell: act())


def wrong_scripts(folders: Folders) -> list[Script]:
    return [script for script in wanted_scripts(folders) if not script.is_right()]


def wanted_scripts(folders: Folders, path: str | None = None) -> list[Script]:
    """The wrapper, and a stand-in for each plugin that neither lies beside the engine nor on the user's PATH."""
    ours = folders.root / ".venv" / "drlab-plugins"
    scripts = [Script(folders.pulumi, WRAPPER)]
    for name, module in STAND_INS.items():
        real = (engine_folder(folders) / name).exists() or is_on_path(name, ours, path)
        text = LAUNCHER.format(name=name, module=module, version=VERSION, cache_line=CACHE_LINE, exec_name=EXEC_NAME)
        scripts.append(Script(ours / name, None if real else text))
    return scripts


def is_on_path(name: str, ours: Path, path: str | None = None) -> bool:
    """Somewhere else than in our own folder, which is on PATH when the engine runs us."""
    folders = (path if path is not None else os.environ.get("PATH", "")).split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join(f for f in folders if f and Path(f) != ours)) is not None
