"""What happens on a server over SSH: its identity, files, commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class JumpArgs(TypedDict):
    """The server through which the way leads; opened with the same private key."""

    address: Input[str]
    hostKey: Input[str]
    user: NotRequired[Input[str]]


class ConnectionArgs(TypedDict):
    """How to reach a server: what `Host.connection` gives out."""

    address: Input[str]
    hostKey: Input[str]
    user: NotRequired[Input[str]]


class HostKey(CtyunResource):
    """An ed25519 key pair made by the provider: what a new server shows until `Host` has given it a key of its own."""

    private_key: Output[str]
    """OpenSSH PEM (secret), for user data."""
    public_key: Output[str]
    """One line, to pin."""

    def __init__(self, resource_name: str, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ctyun:ssh:HostKey", resource_name, opts)


class Host(CtyunResource):
    """A server that is ready: SSH answers with the expected key, cloud-init is done, and it has made a host key of its own.

    `triggers`: what makes it another server (its instance id); a change replaces this resource.
    """

    address: Output[str]
    user: Output[str]
    jump: Output[Mapping[str, Any] | None]
    triggers: Output[Sequence[str] | None]
    private_key: Output[str]
    """The key that opens it (secret)."""
    bootstrap_host_key: Output[str]
    """The key that it showed at first."""
    host_key: Output[str]
    """The server's own public key."""

    def __init__(
        self,
        resource_name: str,
        *,
        address: Input[str],
        private_key: Input[str],
        bootstrap_host_key: Input[str],
        user: Input[str] | None = None,
        jump: Input[JumpArgs] | None = None,
        triggers: Input[Sequence[Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:ssh:Host", resource_name, opts, address=address, user=user, private_key=private_key,
            bootstrap_host_key=bootstrap_host_key, jump=jump, triggers=triggers,
        )  # fmt: skip

    @property
    def as_jump(self) -> Output[JumpArgs]:
        """This server as the way to others: for their `jump`."""
        parts = {"address": self.address, "user": self.user, "hostKey": self.host_key}
        return Output.all(**parts).apply(lambda known: cast("JumpArgs", known))

    @property
    def connection(self) -> Output[ConnectionArgs]:
        """How to reach it, but for the way there: for the `host` of RemoteFiles and RemoteCommand."""
        return self.as_jump


class FileArgs(TypedDict):
    """One file: `path` on the server, and `content` (may be secret) or `source`, a local file or folder seen from the project.

    `mode`: of the files ("0644"). `owner`: "root:root".
    """

    path: Input[str]
    content: NotRequired[Input[str]]
    source: NotRequired[Input[str]]
    mode: NotRequired[Input[str]]
    owner: NotRequired[Input[str]]


class RemoteFiles(CtyunResource):
    """Files on a server. What has not changed is not sent again; files it no longer names are removed.

    A refresh compares content, mode and owner with what is on the server. `revision` is another one whenever a file was sent,
    also for repair: a trigger for commands that put the files to use.
    """

    host: Output[Mapping[str, Any]]
    jump: Output[Mapping[str, Any] | None]
    files: Output[Sequence[Mapping[str, Any]]]
    hashes: Output[Mapping[str, str]]
    revision: Output[str | None]
    private_key: Output[str]
    """The key that opens the server (secret)."""

    def __init__(
        self,
        resource_name: str,
        *,
        host: Input[ConnectionArgs],
        private_key: Input[str],
        files: Input[Sequence[Input[FileArgs]]],
        jump: Input[JumpArgs] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ctyun:ssh:RemoteFiles", resource_name, opts, host=host, jump=jump, private_key=private_key, files=files)


class RemoteCommand(CtyunResource):
    """A shell script (`sh -eu`) that runs on a server when this is made, and again when script, `stdin` or `triggers` change.

    A refresh finds out when the server has gone back to a time before the last run (a restored backup): then `create` is due
    again, so it should be such as may be repeated.

    `update`: runs instead of `create` after a change. `delete`: runs before this resource goes. `stdin`: what the script reads;
    always secret.
    """

    host: Output[Mapping[str, Any]]
    jump: Output[Mapping[str, Any] | None]
    create: Output[str]
    update: Output[str | None]
    delete: Output[str | None]
    stdin: Output[str | None]
    triggers: Output[Sequence[str] | None]
    stdout: Output[str]
    run_id: Output[str | None]
    private_key: Output[str]
    """The key that opens the server (secret)."""

    def __init__(
        self,
        resource_name: str,
        *,
        host: Input[ConnectionArgs],
        private_key: Input[str],
        create: Input[str],
        jump: Input[JumpArgs] | None = None,
        update: Input[str] | None = None,
        delete: Input[str] | None = None,
        stdin: Input[str] | None = None,
        triggers: Input[Sequence[Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:ssh:RemoteCommand", resource_name, opts, host=host, jump=jump, private_key=private_key, create=create,
            update=update, delete=delete, stdin=stdin, triggers=triggers,
        )  # fmt: skip
