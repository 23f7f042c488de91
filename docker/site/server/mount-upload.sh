#!/bin/sh
# The server's first data disk under the site's upload/: formatted when it is empty, mounted now and at every boot before Apache. May be
# run again. Runs from user data. A unit, not a line in fstab: in a container systemd passes over fstab's disks.
set -eu

DISK=/dev/vdb
FOLDER=/var/www/html/upload
UNIT=/etc/systemd/system/hr-upload.service

[ -b "$DISK" ] || {
    echo "mount-upload: there is no $DISK; give this server a data disk" >&2
    exit 1
}
blkid -p "$DISK" >/dev/null || mkfs.ext4 -q -m 0 "$DISK"
mkdir -p "$FOLDER"
cat >"$UNIT" <<END
[Unit]
Description=Data disk of the site's uploads
ConditionPathExists=$DISK
Before=apache2.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mountpoint -q $FOLDER || mount $DISK $FOLDER'

[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl --quiet enable --now hr-upload
