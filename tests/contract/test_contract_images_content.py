"""What is on a server's disks comes along with its whole-machine image: each kind of file, each data disk, what runs at boot."""

from __future__ import annotations

from typing import Any

from contract.own_cloud import booted, shell
from support.waiting import until

from ctyun import Client, CloudRecord, DiskWish
from ctyun.services.images import PRIVATE

DATA = {"/dev/vdb": "/srv/one", "/dev/vdc": "/srv/two"}
SYSTEM = "/opt/kept"
SPARSE = 1 << 30
FILL = f"""
echo text > plain; chown www-data:adm plain; chmod 4751 plain
ln -s plain link; ln -s nowhere dangling; ln plain hard; mkfifo pipe
head -c 20000000 /dev/urandom > big; truncate -s {SPARSE} sparse; printf end >> sparse
touch -d '2001-02-03 04:05:06 UTC' old 'a name with blanks' 中文
mkdir folder empty; chown 1234:4321 folder; chmod 1770 folder
"""
LOOK = r"""
find . -mindepth 1 ! -name lost+found -printf '%p %y %m %U:%G %l ' \( -type f -printf '%n %s %Ts' -o -true \) -printf '\n' | sort
sha256sum plain big hard link; tail -c 3 sparse; test plain -ef hard && echo one file
"""
NOTE = """
cat > /etc/systemd/system/note.service <<'END'
[Service]
ExecStart=/bin/sh -c 'hostname > /run/began'
[Install]
WantedBy=multi-user.target
END
systemctl enable --quiet note; useradd trainee
"""


def test_every_kind_of_file_on_every_disk_comes_along(
    client: Client, record: CloudRecord, run: Any, make: Any, region: str, site: Any
) -> None:
    source = make.server(site.wish(make.name("source"), data_disks=(DiskWish("SSD", 10), DiskWish("SAS", 12))))
    booted(record, source.id)
    for device, folder in DATA.items():
        shell(record, source.id, f"mkfs.ext4 -q {device}; mkdir -p {folder}; mount {device} {folder}")
    folders = (SYSTEM, *DATA.values())
    for folder in folders:
        shell(record, source.id, f"mkdir -p {folder}; cd {folder}; {FILL}")
    for folder in DATA.values():
        shell(record, source.id, f'python3 -c \'import os; os.setxattr("{folder}/plain", "user.note", b"kept")\'')
    shell(record, source.id, NOTE)
    before = {folder: shell(record, source.id, f"cd {folder}; {LOOK}") for folder in folders}

    image = make.image(source.id)
    run(client.servers.delete(region, source.id))
    copy = make.server(site.wish(make.name("copy"), image_id=image.id, image_visibility=PRIVATE))
    booted(record, copy.id)
    for device, folder in DATA.items():
        shell(record, copy.id, f"mount {device} {folder}")
    assert {folder: shell(record, copy.id, f"cd {folder}; {LOOK}") for folder in folders} == before
    for folder in DATA.values():
        assert int(shell(record, copy.id, f"stat -c %b {folder}/sparse")) * 512 < SPARSE / 100
        note = f'python3 -c \'import os; print(os.getxattr("{folder}/plain", "user.note").decode())\''
        assert shell(record, copy.id, note) == "kept\n"
    assert shell(record, copy.id, "id -un trainee") == "trainee\n"
    until(lambda: shell(record, copy.id, "cat /run/began || true").strip() == copy.name, 30, "the unit to run at boot")
