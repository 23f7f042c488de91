<?php
// The HTML of database.php. Every value goes through h().

declare(strict_types=1);

require_once __DIR__ . '/place.php';
require_once __DIR__ . '/language.php';

/**
 * The frame around a page. The body is made first: if the database is lost in its middle, nothing of it has been sent.
 *
 * @param array<string, string> $words
 * @param callable(): string $body
 */
function page(array $words, string $language, string $title, callable $body): void
{
    $main = $body();
    $other = $language === 'en' ? 'zh' : 'en';
    $name = $language === 'en' ? '中文' : 'English';
    ?>
<!doctype html>
<html lang="<?= h($words['lang']) ?>">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title><?= h($title) ?> · <?= h($words['company']) ?></title>
  <link rel="icon" href="images/logo.svg" type="image/svg+xml">
  <link rel="stylesheet" href="css/site.css">
  <script src="js/board.js" defer></script>
  <script src="js/directory.js" defer></script>
</head>
<body>
<a class="skip" href="#main"><?= h($words['skip']) ?></a>
<header class="bar">
  <div class="wrap">
    <a class="brand" href="index.html"><img src="images/logo.svg" alt="" width="36" height="36"><span><b><?= h($words['company']) ?></b> <i><?= h($words['people']) ?></i></span></a>
    <nav>
      <a href="index.html"><?= h($words['home']) ?></a>
      <a href="database.php" aria-current="page"><?= h($words['staff']) ?></a>
      <a class="tongue" href="database.php?lang=<?= $other ?>" hreflang="<?= $other ?>" lang="<?= $other ?>"><?= $name ?></a>
    </nav>
  </div>
</header>
<main id="main">
<?= $main ?>
</main>
<footer><div class="wrap"><p><?= h($words['footer']) ?></p></div></footer>
</body>
</html>
<?php
}

/** What a template printed. @param callable(): void $template */
function captured(callable $template): string
{
    ob_start();
    $template();
    return (string) ob_get_clean();
}

/** The board "who answered". board.js keeps it fresh. @param array<string, string> $words */
function board(array $words, ?int $rows, ?string $database_server): string
{
    return captured(static function () use ($words, $rows, $database_server): void {
        $zone = server_zone();
        ?>
<section class="board" data-board data-state="<?= $rows === null ? 'away' : 'ok' ?>" data-zone="<?= h(zone_number($zone)) ?>" aria-label="<?= h($words['board']) ?>">
  <dl>
    <div><dt><?= h($words['server']) ?></dt><dd data-field="server"><?= h(server_name()) ?></dd></div>
    <div><dt><?= h($words['zone']) ?></dt><dd data-field="zone"><?= h($zone !== '' ? $zone : $words['no_zone']) ?></dd></div>
    <div><dt><?= h($words['database']) ?></dt><dd data-field="databaseHost"><?= h(database_host() !== '' ? database_host() : $words['no_database']) ?></dd>
      <?php if ($database_server !== null) { ?><dd class="aside"><?= h($words['database_server']) ?> <span data-field="databaseServer"><?= h($database_server) ?></span></dd><?php } ?></div>
    <div><dt><?= h($words['rows']) ?></dt><dd data-field="rows"><?= $rows === null ? '–' : h($rows) ?></dd></div>
  </dl>
  <ol class="ticks" data-ticks aria-hidden="true" title="<?= h($words['timeline']) ?>"></ol>
</section>
<?php
    });
}

/** Last digit of a zone's name: its colour. */
function zone_number(string $zone): string
{
    return preg_match('/([1-3])$/', $zone, $match) === 1 ? $match[1] : '0';
}

/** The form. @param array<string, string> $words */
function entry_form(array $words, string $draft, ?string $problem, ?string $id = null): string
{
    return captured(static function () use ($words, $draft, $problem, $id): void {
        ?>
<form class="card write" method="post" action="database.php">
  <h2><?= h($words['add']) ?></h2>
  <p class="hint" id="write-hint"><?= h($words['add_hint']) ?></p>
  <input type="hidden" name="id" value="<?= h($id ?? 'web-' . bin2hex(random_bytes(8))) ?>">
  <label for="text"><?= h($words['text']) ?></label>
  <textarea id="text" name="text" rows="3" maxlength="500" required aria-describedby="write-hint" placeholder="<?= h($words['placeholder']) ?>"><?= h($draft) ?></textarea>
  <?php if ($problem !== null) { ?><p class="problem" role="alert"><?= h($problem) ?></p><?php } ?>
  <button type="submit"><?= h($words['save']) ?></button>
</form>
<?php
    });
}

/** @param array<string, string> $words @param list<array<string, mixed>> $entries */
function entry_list(array $words, array $entries, ?string $saved): string
{
    return captured(static function () use ($words, $entries, $saved): void {
        ?>
<section class="card entries">
  <h2><?= h($words['latest']) ?></h2>
  <?php if ($saved !== null) { ?><p class="saved" role="status"><?= h($words['saved']) ?> <code><?= h($saved) ?></code></p><?php } ?>
  <?php if ($entries === []) { ?><p class="hint"><?= h($words['none']) ?></p><?php } ?>
  <ul>
    <?php foreach ($entries as $entry) { ?>
    <li<?= $entry['id'] === $saved ? ' class="new"' : '' ?>>
      <p><?= nl2br(h($entry['text']), false) ?></p>
      <p class="meta"><span class="zone" data-zone="<?= h(zone_number($entry['zone'])) ?>"><?= h(trim($entry['server'] . ' ' . $entry['zone'])) ?></span>
        <time datetime="<?= h(iso_time($entry['created_at'])) ?>"><?= h(substr($entry['created_at'], 0, 19)) ?> UTC</time>
        <code><?= h($entry['id']) ?></code></p>
    </li>
    <?php } ?>
  </ul>
</section>
<?php
    });
}

/** @param array<string, string> $words @param array<string, mixed> $data */
function employee_table(array $words, string $language, array $data): string
{
    return captured(static function () use ($words, $language, $data): void {
        $departments = array_column($data['departments'], null, 'id');
        ?>
<section class="card people" data-directory>
  <div class="head">
    <h2><?= h($words['employees']) ?> <span class="count"><?= count($data['employees']) ?></span></h2>
    <input class="needs-js" type="search" data-search aria-label="<?= h($words['search']) ?>" placeholder="<?= h($words['search']) ?>" hidden>
  </div>
  <div class="chips needs-js" data-chips hidden>
    <button type="button" aria-pressed="true" data-department=""><?= h($words['all']) ?></button>
    <?php foreach ($departments as $department) { ?>
    <button type="button" aria-pressed="false" data-department="<?= h($department['code']) ?>"><?= h($department["name_$language"]) ?></button>
    <?php } ?>
  </div>
  <table>
    <thead><tr><th scope="col"><?= h($words['name']) ?></th><th scope="col"><?= h($words['department']) ?></th><th scope="col"><?= h($words['job']) ?></th><th scope="col"><?= h($words['city']) ?></th><th scope="col"><?= h($words['since']) ?></th></tr></thead>
    <tbody>
    <?php foreach ($data['employees'] as $person) {
        $department = $departments[$person['department_id']];
        $second = $language === 'en' ? 'zh' : 'en'; ?>
      <tr data-department="<?= h($department['code']) ?>">
        <th scope="row"><div class="person"><span class="face" data-face="<?= h($department['code']) ?>" aria-hidden="true"><?= h(initials($person["name_$language"], $language)) ?></span>
          <span><b><?= h($person["name_$language"]) ?></b> <small lang="<?= $second ?>"><?= h($person["name_$second"]) ?></small></span></div></th>
        <td><?= h($department["name_$language"]) ?></td>
        <td><?= h($person["title_$language"]) ?></td>
        <td><?= h($person["city_$language"]) ?></td>
        <td><?= h(substr($person['hired_on'], 0, 4)) ?></td>
      </tr>
    <?php } ?>
    </tbody>
  </table>
  <p class="hint" data-nobody hidden><?= h($words['no_match']) ?></p>
</section>
<?php
    });
}

/** `Lin Qinghe` -> `LQ`; a Chinese name gives its first character. */
function initials(string $name, string $language): string
{
    if ($language === 'zh') {
        return iconv_substr($name, 0, 1, 'UTF-8') ?: '';
    }
    return implode('', array_map(static fn (string $part): string => $part[0], array_slice(explode(' ', $name), 0, 2)));
}

/** @param array<string, string> $words @param array<string, mixed> $data */
function show_directory(array $words, string $language, array $data, string $draft, ?string $problem, ?string $saved): string
{
    return '<div class="wrap"><h1>' . h($words['heading']) . '</h1><p class="lead">' . h($words['lead']) . '</p>'
        . board($words, $data['rows'], $data['database_server'])
        . '<div class="pair">' . entry_form($words, $draft, $problem) . entry_list($words, $data['entries'], $saved) . '</div>'
        . employee_table($words, $language, $data) . '</div>';
}

/**
 * The page without the database. An entry that was being sent is kept in its form, under its id.
 *
 * @param array<string, string> $words
 * @param array{id: string, text: string}|null $unsaved
 */
function show_away(array $words, ?array $unsaved): string
{
    return captured(static function () use ($words, $unsaved): void {
        ?>
<div class="wrap away">
  <img src="images/away.svg" alt="" width="260" height="170">
  <h1><?= h($words['away_heading']) ?></h1>
  <p class="lead"><?= h($words['away_text']) ?> <?= $unsaved === null ? h($words['away_waiting']) : '' ?></p>
  <?= board($words, null, null) ?>
  <?php if ($unsaved !== null) { ?>
  <p class="problem" role="alert"><?= h($words['away_unsaved']) ?></p>
  <?= entry_form($words, $unsaved['text'], null, $unsaved['id']) ?>
  <?php } else { ?>
  <p class="actions"><a class="button" href="database.php" data-again><?= h($words['away_again']) ?></a> <a class="button quiet" href="index.html"><?= h($words['away_home']) ?></a></p>
  <?php } ?>
</div>
<?php
    });
}
