#!/bin/sh
# Installs Apache where it is missing; may be run again. The public address may be bound some time after the first boot.
set -eu
deadline=$(($(date +%s) + 300))
if ! command -v apache2 >/dev/null; then
    until apt-get -qq -o Acquire::http::Timeout=10 -o APT::Update::Error-Mode=any update; do
        [ "$(date +%s)" -lt "$deadline" ] || {
            echo "install-apache: no package lists within 300 s; this server needs an EIP or NAT, or an image with Apache" >&2
            exit 1
        }
        sleep 3
    done
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends apache2 curl >/dev/null
fi
systemctl --quiet enable apache2
systemctl start apache2
