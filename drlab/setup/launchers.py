"""Small shell scripts: the `pulumi` wrapper in `.venv`, and launchers of the plugins that stand in for missing ones.

A launcher lies where the engine expects the real plugin (beside itself, or among its downloaded plugins): one found on PATH
works too, but the engine warns about it in every run. The wrapper tells the launchers which Python is theirs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from drlab.folders import Folders
from drlab.setup.engine_source import EXEC_NAME, VERSION
from drlab.setup.pulumi_engine import WRITTEN_BY, engine_folder
from drlab.setup.state import passphrase_file, passphrase_id_file
from drlab.setup.steps import Step

# The folders are found as drlab.folders does, so that one .venv serves any DRLAB_STATE and DRLAB_CACHE.
# The salt in Pulumi.<stack>.yaml fits one passphrase, hence one state folder. Where another one was used last, it is taken out,
# and Pulumi puts the right one back from the stack's state.
WRAPPER = """#!/bin/sh
@WRITTEN_BY@: plain `pulumi` with this project's backend, passphrase and plugins. What you have set yourself wins, and is named.
cache=${DRLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/drlab}
state=${DRLAB_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/drlab}
wrapper=$(readlink -f -- "$0")
venv=${wrapper%/bin/*}
case $state in /*) ;; *) state=$PWD/$state ;; esac
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
engine=$cache/pulumi/@VERSION@/bin
if [ ! -x "$engine/pulumi" ] || [ ! -r "$state/@PASSPHRASE@" ]; then
    echo "pulumi: nothing is set up yet in $cache and $state: run ./lab preview once" >&2
    exit 1
fi
foreign=$(env | sed -n -E -e '/^(@SILENT@)=/d' -e 's/^(PULUMI_[A-Z0-9_]+)=.*/\\1/p' | sort | tr '\\n' ' ')
if [ -n "$foreign" ]; then
    echo "pulumi: obeys what this shell has set, which ./lab does not: ${foreign% }" >&2
fi
read -r mine < "$state/@PASSPHRASE_ID@"
last=
[ -r "$venv/drlab-last-state" ] && read -r last < "$venv/drlab-last-state"
if [ "$mine" != "$last" ]; then
    for settings in "${venv%/*}"/Pulumi.*.yaml; do
        [ -e "$settings" ] || continue
        # Once all settings are gone the engine leaves `{}`, and writes into these braces from then on.
        sed -i -E -e '/^encryptionsalt:/d' -e "s/^\\{(.*, )?encryptionsalt: *('[^']*'|[^,}]*)(, *)?/{\\1/" "$settings"
    done
    echo "$mine" > "$venv/drlab-last-state"
fi
folder=$state
case $state in
    *[!A-Za-z0-9/._~-]*) # the backend's address is a URL
        folder=$("$venv/bin/python" -S -c 'import sys; from urllib.parse import quote; print(quote(sys.argv[1]))' "$state") ;;
esac
export DRLAB_STATE="$state" DRLAB_CACHE="$cache" DRLAB_PYTHON="$venv/bin/python"
if [ -n "${PYTHONDONTWRITEBYTECODE-}" ]; then # as ./lab does: the plugins and the program are not compiled anew in every run
    unset PYTHONDONTWRITEBYTECODE
    export PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-$cache/bytecode}"
fi
if [ -n "${PULUMI_HOME-}" ]; then # then our stand-in is not among the downloaded plugins: after the real one, if there is any
    for plugin in "$state"/pulumi-home/plugins/*; do PATH=$PATH:$plugin; done
fi
export PULUMI_HOME="${PULUMI_HOME:-$state/pulumi-home}"
export PULUMI_BACKEND_URL="${PULUMI_BACKEND_URL:-file://$folder/pulumi}"
export PULUMI_SKIP_UPDATE_CHECK="${PULUMI_SKIP_UPDATE_CHECK:-1}"
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="${PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION:-true}"
export PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER="${PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER:-true}"
if [ -z "${PULUMI_CONFIG_PASSPHRASE+set}" ]; then
    export PULUMI_CONFIG_PASSPHRASE_FILE="${PULUMI_CONFIG_PASSPHRASE_FILE:-$state/@PASSPHRASE@}"
fi
# Between engine, program and plugins nothing goes through a proxy, and all text is UTF-8, whatever the terminal's is.
no_proxy=127.0.0.1,localhost,${no_proxy:-${NO_PROXY-}}
export no_proxy="${no_proxy%,}"
export NO_PROXY="$no_proxy" PYTHONUTF8=1
unset PYTHONIOENCODING
export PATH="$engine:$PATH"
# A program waits for the engine's answer to each debug message. Without one of these options nobody is shown any: see launch.py.
messages=off
for word in "$@"; do
    case $word in --debug* | --log* | --verbose* | --json | --output* | --event-log* | -[dv]* | -[!-]*[dv]*) messages=on ;; esac
done
export DRLAB_DEBUG_MESSAGES="${DRLAB_DEBUG_MESSAGES:-$messages}"
# Garbage of a run that takes seconds is not worth collecting, which is a tenth of its time, until there is much of it.
export GOGC="${GOGC:-off}" GOMEMLIMIT="${GOMEMLIMIT:-512MiB}"
exec "$engine/pulumi" "$@"
"""

# What ./lab and the Automation API set, and what changes nothing of what is made.
SILENT = (
    "PULUMI_IGNORE_AMBIENT_PLUGINS",
    "PULUMI_ENABLE_STREAMING_JSON_PREVIEW",
    "PULUMI_AUTOMATION_API",
    "PULUMI_DEBUG_COMMANDS",
    "PULUMI_SKIP_UPDATE_CHECK",
)

LAUNCHER = """#!/bin/sh
{written_by}: stands in for {name}, which cannot be had everywhere.
export DRLAB_LANGUAGE_EXEC="$DRLAB_CACHE/pulumi/{version}/bin/{exec_name}"
exec "${{DRLAB_PYTHON:?is set by .venv/bin/pulumi: run that one}}" -P -m {module} "$@"
"""

LANGUAGE_HOST = ("pulumi-language-python", "plugins.language_python")
RANDOM = ("pulumi-resource-random", "plugins.random_provider")
DYNAMIC = ("pulumi-resource-pulumi-python", "plugins.language_python.dynamic")


@dataclass(frozen=True)
class Script:
    """A file as it should be."""

    path: Path
    text: str

    def is_right(self) -> bool:
        try:
            return self.path.read_text(encoding="utf-8") == self.text
        except (FileNotFoundError, UnicodeDecodeError):
            return False

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        unfinished.write_text(self.text, encoding="utf-8")
        unfinished.chmod(0o755)
        unfinished.replace(self.path)


def launchers_step(folders: Folders) -> Step:
    def missing() -> str | None:
        wrong = wrong_scripts(folders) or real_random(folders)
        return "writing .venv/bin/pulumi and the plugins' launchers" if wrong else None

    def act() -> str:
        link_real_random(folders)
        wrong = wrong_scripts(folders)
        for script in wrong:
            script.write()
        return f"{', '.join(script.path.name for script in wrong) or RANDOM[0]} written"

    return Step("wrapper", missing, lambda tell: act())


def wrong_scripts(folders: Folders) -> list[Script]:
    return [script for script in wanted_scripts(folders) if not script.is_right()]


def wanted_scripts(folders: Folders) -> list[Script]:
    """The wrapper, and a stand-in for each plugin whose real one is not there."""
    scripts = [Script(folders.pulumi, wrapper_text(folders))]
    beside = [(engine_folder(folders) / plugin[0], plugin) for plugin in (LANGUAGE_HOST, DYNAMIC)]
    for path, (name, module) in (*beside, (random_path(folders), RANDOM)):
        if path is not None and not is_real(path):
            text = LAUNCHER.format(written_by=WRITTEN_BY, name=name, module=module, version=VERSION, exec_name=EXEC_NAME)
            scripts.append(Script(path, text))
    return scripts


def real_random(folders: Folders, home: Path | None = None) -> Path | None:
    """The user's own copy of the plugin, in the version that is asked for and not yet in use here.

    It is not downloaded: no checksum of its archives is published where one could be pinned.
    """
    path = random_path(folders)
    if path is None or is_real(path):
        return None
    own = (home or Path.home()) / ".pulumi" / "plugins" / path.parent.name / path.name
    return own if is_real(own) else None


def link_real_random(folders: Folders, home: Path | None = None) -> None:
    path, own = random_path(folders), real_random(folders, home)
    if path is not None and own is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(own)


def wrapper_text(folders: Folders) -> str:
    names = {
        "@WRITTEN_BY@": WRITTEN_BY,
        "@VERSION@": VERSION,
        "@PASSPHRASE@": passphrase_file(folders).name,
        "@PASSPHRASE_ID@": passphrase_id_file(folders).name,
        "@SILENT@": "|".join(SILENT),
    }
    text = WRAPPER
    for mark, name in names.items():
        text = text.replace(mark, name)
    return text


def is_real(path: Path) -> bool:
    """Somebody else's program, not a launcher of ours (perhaps an older one)."""
    try:
        with path.open("rb") as file:
            return WRITTEN_BY.encode() not in file.read(200)
    except FileNotFoundError:
        return False


def language_host_path(folders: Folders) -> Path:
    return engine_folder(folders) / LANGUAGE_HOST[0]


def random_path(folders: Folders) -> Path | None:
    """Among the engine's downloaded plugins, as the version that the installed SDK asks for; None without that SDK."""
    found = sorted((folders.root / ".venv/lib").glob("python3.*/site-packages/pulumi_random-*.dist-info"))
    if not found:
        return None
    version = found[-1].name.removeprefix("pulumi_random-").removesuffix(".dist-info")
    return folders.state / "pulumi-home" / "plugins" / f"resource-random-v{version}" / RANDOM[0]
