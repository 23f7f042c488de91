#!/bin/sh
# Installs Apache, PHP and MariaDB where they are missing; may be run again. Runs from user data, which holds at most 16 KB.
# HR_DATABASE=elsewhere: no database on this server, only its client.
set -eu

PACKAGES="apache2 libapache2-mod-php php-mysql mariadb-server mariadb-client"
SERVICES="apache2 mariadb"
if [ "${HR_DATABASE:-here}" = elsewhere ]; then
    PACKAGES=$(echo "$PACKAGES" | sed 's/ mariadb-server//') SERVICES=apache2
fi
DEADLINE=$(($(date +%s) + 300)) # for egress to work: an EIP may be bound some time after the first boot
SETTINGS=/etc/mysql/mariadb.conf.d/90-small.cnf

installed() {
    # shellcheck disable=SC2086 # a list of names
    [ "$(dpkg-query -W -f '${db:Status-Status}\n' $PACKAGES 2>/dev/null | grep -cx installed)" -eq "$(echo $PACKAGES | wc -w)" ]
}

# Written before the packages come, so that the database's files are made small from the start.
database_settings() {
    cat <<'END'
# A database beside a web server on 1 GB: little memory, and every commit on disk before it is acknowledged.
[mariadbd]
bind-address = 0.0.0.0
skip-name-resolve
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
max_connections = 60
innodb_buffer_pool_size = 64M
innodb_log_file_size = 16M
innodb_flush_log_at_trx_commit = 1
performance_schema = OFF

# The command-line client, whatever the locale of the login.
[client]
default-character-set = utf8mb4
END
}

wait_for_package_lists() {
    while ! apt-get -qq -o Acquire::http::Timeout=10 -o APT::Update::Error-Mode=any update; do
        if [ "$(date +%s)" -ge "$DEADLINE" ]; then
            echo "install-lamp: no package lists within 300 s; this server needs an EIP or NAT, or an image with the packages" >&2
            exit 1
        fi
        sleep 3
    done
}

changed=no
if [ "$(database_settings)" != "$(cat "$SETTINGS" 2>/dev/null)" ]; then
    mkdir -p "${SETTINGS%/*}"
    database_settings >"$SETTINGS"
    changed=yes
fi

if installed; then
    [ "$changed" = no ] || [ "$SERVICES" = apache2 ] || systemctl restart mariadb
else
    echo "install-lamp: installing $PACKAGES"
    wait_for_package_lists
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $PACKAGES >/dev/null
    rm -f /var/www/html/index.html # Debian's own page; the site comes later
fi
# Debian's socket unit would hold the port and start the database again at the next connection: stopped must mean stopped.
if [ "$(systemctl is-enabled mariadb.socket 2>/dev/null)" != masked ]; then
    systemctl --quiet stop mariadb.service mariadb.socket
    rm -f /etc/systemd/system/mariadb.socket
    systemctl --quiet mask mariadb.socket
fi
if [ "$SERVICES" = apache2 ] && [ -n "$(systemctl list-unit-files --no-legend mariadb.service)" ]; then
    systemctl --quiet disable --now mariadb # an image may bring it
fi
for unit in $SERVICES; do
    systemctl --quiet is-enabled "$unit" || systemctl --quiet enable "$unit"
done
# shellcheck disable=SC2086
systemctl start $SERVICES
