<?php
// Chinese or English: what the visitor chose (?lang=, kept in a cookie), else what the browser asks for.

declare(strict_types=1);

const LANGUAGES = ['en', 'zh'];
const LANGUAGE_COOKIE = 'hr_lang'; // js/language.js reads and writes it too

/** The page's language, `en` or `zh`; remembers a choice. Call before any output. */
function page_language(): string
{
    $chosen = $_GET['lang'] ?? null;
    if (in_array($chosen, LANGUAGES, true)) {
        setcookie(LANGUAGE_COOKIE, $chosen, ['expires' => time() + 365 * 86400, 'path' => '/', 'samesite' => 'Lax']);
        return $chosen;
    }
    $kept = $_COOKIE[LANGUAGE_COOKIE] ?? null;
    return in_array($kept, LANGUAGES, true) ? $kept : browser_language($_SERVER['HTTP_ACCEPT_LANGUAGE'] ?? '');
}

/** The first of our languages in an Accept-Language header, by weight; English without one. */
function browser_language(string $header): string
{
    $best = 'en';
    $weight = 0.0;
    foreach (explode(',', strtolower($header)) as $part) {
        if (preg_match('/^\s*(en|zh)\b[\w-]*\s*(?:;\s*q=([0-9.]+))?\s*$/', $part, $match) === 1) {
            $q = isset($match[2]) ? (float) $match[2] : 1.0;
            if ($q > $weight) {
                [$best, $weight] = [$match[1], $q];
            }
        }
    }
    return $best;
}

/** Texts of database.php. @return array<string, string> */
function words(string $language): array
{
    return require __DIR__ . "/words.$language.php";
}

/** Escaped for HTML text and attributes. */
function h(string|int $text): string
{
    return htmlspecialchars((string) $text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}
