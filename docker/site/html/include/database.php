<?php
// The database, with deadlines: whatever happens to it, a page is answered within two seconds.

declare(strict_types=1);

require_once __DIR__ . '/place.php';

const CONNECT_SECONDS = 1; // address silent
const ANSWER_SECONDS = 1;  // connected, but no answer: a stopped process, a cut in the middle of a request
const DUPLICATE_KEY = 1062;

/** The database cannot be used now. The message names the host and is fit for a page; it holds no account and no password. */
class DatabaseAway extends RuntimeException
{
}

/** There is a row with this id already. */
class EntryExists extends RuntimeException
{
}

/** Open a connection, or throw DatabaseAway. */
function open_database(): mysqli
{
    $host = database_host();
    if ($host === '') {
        throw new DatabaseAway('no database is configured');
    }
    mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    $link = mysqli_init();
    $link->options(MYSQLI_OPT_CONNECT_TIMEOUT, CONNECT_SECONDS);
    $link->options(MYSQLI_OPT_READ_TIMEOUT, ANSWER_SECONDS);
    $link->options(MYSQLI_INIT_COMMAND, "SET SESSION time_zone = '+00:00', autocommit = 1");
    asking($host, static function () use ($link, $host): void {
        // The @ keeps a warning of the socket out of the log; the exception that follows says the same.
        @$link->real_connect($host, setting('PHP_ENV_SQL_USERNAME'), setting('PHP_ENV_SQL_PASSWORD'), setting('PHP_ENV_SQL_DBNAME'));
        $link->set_charset('utf8mb4');
    });
    return $link;
}

/**
 * Run a statement against the database and turn what goes wrong into DatabaseAway; the details go to Apache's log.
 *
 * @template T
 * @param callable(): T $statement
 * @return T
 */
function asking(string $host, callable $statement): mixed
{
    try {
        return $statement();
    } catch (mysqli_sql_exception $error) {
        if ($error->getCode() === DUPLICATE_KEY) {
            throw new EntryExists('an entry with this id is there already', 0, $error);
        }
        error_log(sprintf('database %s: [%d] %s', $host, $error->getCode(), $error->getMessage()));
        // 2000 and up: the client's own errors (no connection, connection lost); below: what the server said.
        $what = $error->getCode() >= 2000 && $error->getCode() < 3000 ? 'does not answer' : 'refuses the request';
        throw new DatabaseAway("database $host $what", 0, $error);
    }
}

/**
 * Rows of a prepared statement.
 *
 * @param list<string|int> $values
 * @return list<array<string, mixed>>
 */
function rows(mysqli $link, string $query, array $values = []): array
{
    return asking(database_host(), static function () use ($link, $query, $values): array {
        $statement = $link->prepare($query);
        $statement->execute($values);
        return $statement->get_result()->fetch_all(MYSQLI_ASSOC);
    });
}

/** The database server's own name: unlike the address it changes when a standby takes over. */
function database_server(mysqli $link): string
{
    return (string) rows($link, 'SELECT @@hostname AS name')[0]['name'];
}

/** How many entries have been written. */
function count_entries(mysqli $link): int
{
    return (int) rows($link, 'SELECT COUNT(*) AS n FROM entries')[0]['n'];
}

/**
 * One entry by its id, or null.
 *
 * @return array<string, mixed>|null
 */
function find_entry(mysqli $link, string $id): ?array
{
    return rows($link, 'SELECT id, text, server, zone, created_at FROM entries WHERE id = ?', [$id])[0] ?? null;
}

/** Write one entry. Returning means committed; EntryExists, if the id is taken. */
function add_entry(mysqli $link, string $id, string $text): void
{
    asking(database_host(), static function () use ($link, $id, $text): void {
        $statement = $link->prepare('INSERT INTO entries (id, text, server, zone, created_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))');
        $statement->execute([$id, $text, server_name(), server_zone()]); // autocommit: answered after the commit
    });
}

/** Time of the database (`2024-01-31 08:00:00.123456`, UTC) as ISO 8601. */
function iso_time(string $stamp): string
{
    return str_replace(' ', 'T', $stamp) . 'Z';
}

/** What is wrong with an entry's id, or null. */
function id_problem(mixed $id): ?string
{
    return is_string($id) && preg_match('/^[A-Za-z0-9._:-]{1,64}$/D', $id) === 1
        ? null : 'id: 1 to 64 letters, digits or . _ : - are wanted';
}

/** What is wrong with an entry's text, or null. */
function text_problem(mixed $text): ?string
{
    // With /u a text that is not UTF-8 does not match at all.
    return is_string($text) && trim($text) !== '' && preg_match('/^.{1,500}$/suD', $text) === 1
        ? null : 'text: 1 to 500 characters of UTF-8 are wanted';
}
