"""What happens on a server over SSH: its identity, files, commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pulumi_ctyun.resources.declarations import rules, senses
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, MapOf, Resource, Shape

_ADDRESS = Field("address", Kind.TEXT, "IP address.", required=True, rules=(rules.address,))
_USER = Field("user", Kind.TEXT, "Login name.", default="root", rules=(rules.user_name,))
_HOST_KEY = Field("hostKey", Kind.TEXT, "The key it must show.", required=True, sense=senses.key, rules=(rules.host_public_key,))

JUMP = Shape("ctyun:ssh:Jump", "The server through which the way leads.", fields=(_ADDRESS, _USER, _HOST_KEY))
CONNECTION = Shape(
    "ctyun:ssh:Connection",
    "How to reach a server: what ctyun:ssh:Host gives out.",
    fields=(
        _ADDRESS,
        _USER,
        replace(_HOST_KEY, replaces=True),  # another key is another server; another address is another way to the same one
    ),
)


def _private_key() -> Field:
    note = "Key that opens the server (and the jump host)."
    return Field("privateKey", Kind.TEXT, note, required=True, secret=True, rules=(rules.private_key,))


def _host() -> Field:
    return Field("host", CONNECTION, "The server.", required=True)


def _jump() -> Field:
    """Beside the server and not in it: when another server becomes the jump host, nothing about this one is unknown."""
    return Field("jump", JUMP, "The way there; straight when absent.")


HOST_KEY = Resource(
    "ctyun:ssh:HostKey",
    "An ed25519 key pair made by the provider: what a new server shows until ctyun:ssh:Host has given it a key of its own.",
    inputs=(),
    outputs=(
        Field("privateKey", Kind.TEXT, "OpenSSH PEM, for user data.", secret=True),
        Field("publicKey", Kind.TEXT, "One line, to pin."),
    ),
)

HOST = Resource(
    "ctyun:ssh:Host",
    "A server that is ready: SSH answers with the expected key, cloud-init is done, the server has a host key of its own.",
    inputs=(
        _ADDRESS,
        _USER,
        _private_key(),
        Field(
            "bootstrapHostKey",
            Kind.TEXT,
            "Public key that the server got by user data.",
            required=True,
            replaces=True,
            sense=senses.key,
            rules=(rules.host_public_key,),
        ),
        _jump(),
        Field("triggers", ListOf(Kind.TEXT), "A change means another server (its instance id).", replaces=True),
    ),
    outputs=(Field("hostKey", Kind.TEXT, "The server's own public key, to pin from now on."),),
)


def _one_origin(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if ("content" in file) == ("source" in file):
        both = "content" in file
        yield "content", "stands beside source; give one of them" if both else "and source are missing; give one of them"


FILE = Shape(
    "ctyun:ssh:File",
    "One file, or a folder with all that is in it.",
    fields=(
        Field("path", Kind.TEXT, "Absolute path on the server.", required=True, rules=(rules.remote_path,)),
        Field("content", Kind.TEXT, "The text itself (may be secret)."),
        Field("source", Kind.TEXT, "A local file or folder, seen from the project's folder.", rules=(rules.not_empty,)),
        Field("mode", Kind.TEXT, "Mode of the files.", default="0644", sense=senses.mode, rules=(rules.mode,)),
        Field("owner", Kind.TEXT, "user:group.", default="root:root", rules=(rules.owner,)),
    ),
    rules=(_one_origin,),
)


REMOTE_FILES = Resource(
    "ctyun:ssh:RemoteFiles",
    "Files on a server. What has not changed is not sent again; files it no longer names are removed. A refresh compares "
    "content, mode and owner with what is on the server.",
    inputs=(
        _host(),
        _jump(),
        _private_key(),
        Field("files", ListOf(FILE), "The files.", required=True, rules=(rules.at_least_one,)),
        Field("hashes", MapOf(Kind.TEXT), "Computed: a hash for each file on the server. Any value given is replaced."),
    ),
    outputs=(
        Field("revision", Kind.TEXT, "Another one whenever a file was sent, also for repair: a trigger.", follows=("hashes",)),
    ),
    rules=(rules.none_twice("files", "path"),),
)

REMOTE_COMMAND = Resource(
    "ctyun:ssh:RemoteCommand",
    "A shell script that runs on a server when it is made, and again when the script, its input or a trigger changes. A refresh "
    "finds out when the server has gone back to a time before the last run: then `create` is due again.",
    inputs=(
        _host(),
        _jump(),
        _private_key(),
        Field("create", Kind.TEXT, "Script for `sh -eu`.", required=True, rules=(rules.not_empty,)),
        Field("update", Kind.TEXT, "What runs instead of `create` after a change."),
        Field("delete", Kind.TEXT, "What runs before this resource goes."),
        Field("stdin", Kind.TEXT, "What the script reads.", secret=True),
        Field("triggers", ListOf(Kind.TEXT), "A change runs the script again."),
    ),
    outputs=(
        Field("stdout", Kind.TEXT, "What the script printed.", follows=("create", "stdin", "triggers")),
        Field(
            "runId",
            Kind.TEXT,
            "Of the last run; noted on the server, too, if it could be.",
            follows=("create", "stdin", "triggers"),
        ),
    ),
)
