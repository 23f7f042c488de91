<?php
// The dynamic page: employees, entries, a form, and who answered. Without the database: 503 and a page that says so.

declare(strict_types=1);

require __DIR__ . '/include/database.php';
require __DIR__ . '/include/language.php';
require __DIR__ . '/include/view.php';

const LATEST = 8;

/** What the page shows. @return array<string, mixed> */
function load(mysqli $link): array
{
    return [
        'database_server' => database_server($link),
        'rows' => count_entries($link),
        'entries' => rows($link, 'SELECT id, text, server, zone, created_at FROM entries ORDER BY sequence DESC LIMIT ' . LATEST),
        'departments' => rows($link, 'SELECT id, code, name_en, name_zh FROM departments ORDER BY id'),
        'employees' => rows($link, 'SELECT * FROM employees ORDER BY id'),
    ];
}

/** Write the form's entry. The form brings its own id, so that sending it twice writes it once. */
function save(mysqli $link, string $id, string $text): void
{
    try {
        add_entry($link, $id, $text);
    } catch (EntryExists) {
        // The first of two sendings has made it; for the writer that is the same success.
    }
    header('Location: database.php?saved=' . rawurlencode($id), true, 303);
}

$language = page_language();
$words = words($language);
header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-store');
header('Vary: Accept-Language, Cookie');

$posted = $_SERVER['REQUEST_METHOD'] === 'POST';
$id = $_POST['id'] ?? null;
$text = $_POST['text'] ?? null;
$draft = is_string($text) ? str_replace("\r\n", "\n", $text) : ''; // browsers count a line's end as one character, and send two
$problem = $posted && (id_problem($id) ?? text_problem($draft)) !== null ? $words['wanted'] : null;

try {
    $link = open_database();
    if ($posted && $problem === null) {
        save($link, $id, trim($draft));
        exit;
    }
    if ($problem !== null) {
        http_response_code(400);
    }
    $saved = $_GET['saved'] ?? null;
    $saved = id_problem($saved) === null && find_entry($link, $saved) !== null ? $saved : null; // the address outlives the row
    page($words, $language, $words['title'], static fn () => show_directory($words, $language, load($link), $draft, $problem, $saved));
} catch (DatabaseAway) {
    http_response_code(503);
    header('Retry-After: 3');
    page($words, $language, $words['away_title'], static fn () => show_away($words, $posted && $problem === null ? ['id' => $id, 'text' => $draft] : null));
}
