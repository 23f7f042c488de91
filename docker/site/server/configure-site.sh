#!/bin/sh
# Apache for the site: settings, environment, start. Restarts Apache only when something has changed; returns when the pages answer.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
STAMP=/run/hr-site.applied # which settings, and which start of Apache took them: somebody may have started it with others
WAIT=30                    # seconds for the pages to answer

fail() {
    echo "configure-site: $1" >&2
    exit 1
}

put() { # source, target
    cmp -s "$1" "$2" || install -D -m 0644 "$1" "$2"
}

status() { # path
    curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1$1" || true
}

answers() { # path, deadline
    while code=$(status "$1") && [ "$code" != 200 ]; do
        if [ "$(date +%s)" -ge "$2" ]; then
            journalctl -u apache2 -n 5 --no-pager -o cat >&2 || true
            tail -n 5 /var/log/apache2/error.log >&2 || true
            fail "$1 answered $code instead of 200 for $WAIT s$(curl -s -m 5 "http://127.0.0.1$1" | head -c 300 | sed 's/^/; it says: /')"
        fi
        sleep 0.1
    done
}

[ -e /var/www/html/index.html ] || fail "/var/www/html is empty; upload the pages first"
command -v apache2 >/dev/null || fail "Apache is missing; run install-lamp.sh first"

put "$HERE/apache-site.conf" /etc/apache2/sites-available/hr.conf
# zz: after Debian's security.conf, whose settings it replaces.
put "$HERE/apache-small.conf" /etc/apache2/conf-available/zz-hr.conf
put "$HERE/php.ini" "$(echo /etc/php/*/apache2)/conf.d/90-hr.ini"
put "$HERE/apache-environment.conf" /etc/systemd/system/apache2.service.d/hr.conf
a2dissite -q 000-default >/dev/null 2>&1 || true
a2enmod -q headers >/dev/null
a2enconf -q zz-hr >/dev/null
a2ensite -q hr >/dev/null
apache2ctl -t >/dev/null 2>&1 || fail "Apache refuses its settings: $(apache2ctl -t 2>&1)"

applied() { # Apache has these settings
    echo "$1 $(systemctl show --property=InvocationID --value apache2)"
}

now=$(cat /etc/apache2/sites-available/hr.conf /etc/apache2/conf-available/zz-hr.conf /etc/php/*/apache2/conf.d/90-hr.ini \
    /etc/systemd/system/apache2.service.d/hr.conf /etc/hr/server.env /etc/hr/database.env 2>/dev/null | sha256sum)
systemctl --quiet is-enabled apache2 || systemctl --quiet enable apache2
if [ "$(applied "$now")" != "$(cat "$STAMP" 2>/dev/null)" ] || ! systemctl --quiet is-active apache2; then
    systemctl daemon-reload
    systemctl restart apache2
    (umask 077 && applied "$now" >"$STAMP")
    echo "configure-site: Apache restarted"
fi

deadline=$(($(date +%s) + WAIT))
answers / "$deadline"
answers /api.php "$deadline"
answers /health.php "$deadline"
echo "configure-site: the site answers"
