#!/bin/sh
# The site's tables in a database that is elsewhere, by the site's own account. Settings come from /etc/hr/database.env; may be run
# again: an import happens once. The password travels in a pipe, never in an argument list or another file.
set -eu

. "$(dirname "$0")/settings.sh"
SQL=/opt/hr/sql/hr_db.sql
WAIT=60 # seconds for the database to answer

fail() {
    echo "import-tables: $1" >&2
    exit 1
}

[ -r "$SETTINGS" ] || fail "$SETTINGS is missing; upload it first"
[ -r "$SQL" ] || fail "$SQL is missing; upload it first"
command -v mariadb >/dev/null || fail "the MySQL client is missing; run install-lamp.sh first"
address=$(setting PHP_ENV_SQL_IP)
user=$(setting PHP_ENV_SQL_USERNAME)
database=$(setting PHP_ENV_SQL_DBNAME)
case "/$address/$user/$database/" in *//*) fail "$SETTINGS must name an address, an account and a database" ;; esac
well_formed PHP_ENV_SQL_PASSWORD || fail "$SETTINGS: PHP_ENV_SQL_PASSWORD $HOW"

sql() { # SQL on standard input; the account on another descriptor
    mariadb --defaults-extra-file=/dev/fd/3 --batch --skip-column-names --default-character-set=utf8mb4 --connect-timeout=5 "$database" 3<<END
[client]
host="$address"
user="$user"
password="$(setting PHP_ENV_SQL_PASSWORD | sed 's/["\\]/\\&/g')"
END
}

# The last table of the file tells: rows that somebody has deleted since then must not come back.
tables() {
    echo "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '$database' AND table_name = 'entries'" | sql
}

deadline=$(($(date +%s) + WAIT))
until found=$(tables 2>&1); do
    case $found in *"Access denied"*) fail "the database $address does not let $user in: $found" ;; esac
    [ "$(date +%s)" -lt "$deadline" ] || fail "the database $address did not answer for $WAIT s: $found"
    sleep 0.5
done
if [ "$found" = 0 ]; then
    sql <"$SQL"
    echo "import-tables: $database on $address imported from $SQL"
else
    echo "import-tables: $database on $address is there already"
fi
