#!/bin/sh
# Database of the site on this server: database, account, tables. Settings come from /etc/hr/database.env; may be run again, and
# then gives the account the password that stands there now. The password never stands in an argument list.
set -eu
umask 077

. "$(dirname "$0")/settings.sh"
SQL=/opt/hr/sql/hr_db.sql

fail() {
    echo "configure-database: $1" >&2
    exit 1
}

sql() {
    mariadb --protocol=socket --user=root --batch --skip-column-names --default-character-set=utf8mb4 "$@"
}

[ -r "$SETTINGS" ] || fail "$SETTINGS is missing; upload it first"
[ -r "$SQL" ] || fail "$SQL is missing; upload it first"

address=$(setting PHP_ENV_SQL_IP)
user=$(setting PHP_ENV_SQL_USERNAME)
password=$(setting PHP_ENV_SQL_PASSWORD | sed "s/['\\\\]/\\\\&/g") # as it stands in a quoted string of SQL
database=$(setting PHP_ENV_SQL_DBNAME)

problems=
problem() {
    problems="$problems
  $1"
}
case $user in '' | *[!A-Za-z0-9_]*) problem "PHP_ENV_SQL_USERNAME: letters, digits and _ only" ;; esac
case $database in '' | *[!A-Za-z0-9_]*) problem "PHP_ENV_SQL_DBNAME: letters, digits and _ only" ;; esac
well_formed PHP_ENV_SQL_PASSWORD || problem "PHP_ENV_SQL_PASSWORD: $HOW"
case $user in root | mysql | mariadb) problem "PHP_ENV_SQL_USERNAME: $user belongs to the database itself" ;; esac
case $address in
localhost | 127.0.0.1) ;;
*) ip -o addr show | grep -qwF "inet $address" || problem "PHP_ENV_SQL_IP: $address is not an address of this server; the database is elsewhere" ;;
esac
[ -z "$problems" ] || fail "$SETTINGS:$problems"

systemctl --quiet is-enabled mariadb || systemctl --quiet enable mariadb
systemctl start mariadb # returns when it accepts connections

# On standard input: no argument list, no file. Names and password are such as cannot end what they stand in.
sql <<END
CREATE DATABASE IF NOT EXISTS \`$database\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER IF NOT EXISTS '$user'@'%' IDENTIFIED BY '$password';
ALTER USER '$user'@'%' IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON \`$database\`.* TO '$user'@'%';
END

# Once: rows that somebody has deleted since then must not come back. The last table of the file tells.
tables=$(echo "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '$database' AND table_name = 'entries'" | sql)
if [ "$tables" = 0 ]; then
    sql "$database" <"$SQL"
    echo "configure-database: $database imported from $SQL"
else
    echo "configure-database: $database is there already"
fi
