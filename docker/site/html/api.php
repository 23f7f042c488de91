<?php
// Fixed interface for probers; README.md has the table.

declare(strict_types=1);

require __DIR__ . '/include/database.php';

/**
 * Send one JSON answer and end.
 *
 * @param array<string, mixed> $body
 */
function answer(int $status, array $body): never
{
    http_response_code($status);
    header('Content-Type: application/json; charset=utf-8');
    header('Cache-Control: no-store');
    echo json_encode($body, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR), "\n";
    exit;
}

/** @return array{server: string, zone: string, databaseHost: string} */
function place(): array
{
    return ['server' => server_name(), 'zone' => server_zone(), 'databaseHost' => database_host()];
}

/** Refuse bad input before the database is asked, naming every problem. */
function refuse(?string ...$problems): void
{
    $found = array_filter($problems);
    if ($found !== []) {
        answer(400, ['error' => implode('; ', $found)]);
    }
}

function refuse_method(): never
{
    header('Allow: GET, HEAD, POST');
    answer(405, ['error' => 'GET or POST is wanted']);
}

function connect(): mysqli
{
    $link = open_database();
    header('X-HR-Database-Server: ' . database_server($link));
    return $link;
}

function show_state(): never
{
    $rows = count_entries(connect());
    $time = (new DateTimeImmutable('now', new DateTimeZone('UTC')))->format('Y-m-d\TH:i:s.u\Z');
    answer(200, place() + ['rows' => $rows, 'time' => $time]);
}

function show_entry(mixed $id): never
{
    refuse(id_problem($id));
    $row = find_entry(connect(), $id);
    if ($row === null) {
        answer(404, ['error' => "there is no entry $id"]);
    }
    $row['time'] = iso_time($row['created_at']);
    unset($row['created_at']);
    answer(200, $row);
}

function write_entry(mixed $id, mixed $text): never
{
    refuse(id_problem($id), text_problem($text));
    try {
        add_entry(connect(), $id, $text);
    } catch (EntryExists) {
        answer(409, ['error' => "there is an entry $id already"]);
    }
    answer(201, ['id' => $id] + place());
}

try {
    match ($_SERVER['REQUEST_METHOD']) {
        'GET', 'HEAD' => array_key_exists('id', $_GET) ? show_entry($_GET['id']) : show_state(),
        'POST' => write_entry($_POST['id'] ?? null, $_POST['text'] ?? null),
        default => refuse_method(),
    };
} catch (DatabaseAway $away) {
    header('Retry-After: 1');
    answer(503, ['error' => $away->getMessage()] + place());
}
