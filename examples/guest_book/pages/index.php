<?php
// The guests so far, the newest first; one who writes is added. Says which server has answered, and how it was reached.

declare(strict_types=1);

require __DIR__ . '/settings.php';

$database = open_database();
$guest = trim((string) ($_POST['guest'] ?? ''));
if ($guest !== '' && strlen($guest) <= 80) {
    $database->execute_query('INSERT INTO entries (guest, written) VALUES (?, NOW())', [$guest]);
}
$guests = $database->query('SELECT guest FROM entries ORDER BY id DESC LIMIT 20')->fetch_all();
header('X-Server: ' . settings()['server']);
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Guest book</title>
<h1>Guest book</h1>
<form method="post"><input name="guest" maxlength="80" placeholder="Your name"> <button>Sign</button></form>
<ul>
<?php foreach ($guests as [$name]) { ?>
  <li><?= htmlspecialchars($name) ?></li>
<?php } ?>
</ul>
<p>From <?= htmlspecialchars(settings()['server']) ?> in <?= htmlspecialchars(settings()['zone']) ?></p>
