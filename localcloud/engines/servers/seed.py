"""What a server's system disk gets before its first boot: cloud-init's NoCloud seed, and root's password if there is one."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping

from localcloud.engines.interface.engines import ServerSpec

SEED = "var/lib/cloud/seed/nocloud"
SHADOW = "/etc/shadow"
# Read after cloud-init's own 50-cloud-init.conf and before the image's 90-: user data's `ssh_pwauth` has the last word.
_PASSWORD_LOGIN = ("etc/ssh/sshd_config.d/60-password.conf", b"PasswordAuthentication yes\n", 0o644)


MACHINE_ID = ("etc/machine-id", b"", 0o444)  # empty: systemd makes a new one, also where the image is another server's


def archive(spec: ServerSpec, shadow: bytes | None = None) -> bytes:
    """A tar archive for the container's root. `shadow`: the image's /etc/shadow, needed when there is a password."""
    files = [
        MACHINE_ID,
        (f"{SEED}/meta-data", _meta_data(spec), 0o600),
        (f"{SEED}/user-data", spec.user_data or b"#cloud-config\n{}\n", 0o600),
    ]
    if spec.password_hash is not None and shadow is not None:
        files += [(SHADOW.lstrip("/"), with_password(shadow, spec.password_hash), 0o640), _PASSWORD_LOGIN]
    return packed(files, groups={SHADOW.lstrip("/"): 42})  # 42: Debian's group shadow


def packed(files: Iterable[tuple[str, bytes, int]], groups: Mapping[str, int]) -> bytes:
    """(path, content, mode) as a tar archive, owned by root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content, mode in files:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.gid = len(content), mode, groups.get(path, 0)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def unpacked(archived: bytes) -> bytes:
    """The content of the one file in a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(archived)) as tar:
        file = tar.extractfile(tar.getmembers()[0])
        return file.read() if file is not None else b""


def with_password(shadow: bytes, password_hash: str) -> bytes:
    """shadow(5) with root's password set."""
    lines = []
    for line in shadow.decode().splitlines():
        fields = line.split(":")
        if fields[0] == "root":
            fields[1] = password_hash
        lines.append(":".join(fields))
    return ("\n".join(lines) + "\n").encode()


def _meta_data(spec: ServerSpec) -> bytes:
    # JSON is YAML; cloud-init reads it as such.
    content = {"instance-id": spec.instance_id, "local-hostname": spec.hostname}
    keys = {"public-keys": [spec.public_key.strip()]} if spec.public_key else {}
    return json.dumps({**content, **keys}).encode() + b"\n"
