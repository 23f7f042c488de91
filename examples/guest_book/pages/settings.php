<?php
// What this server was told, and the database.

declare(strict_types=1);

/** @return array<string, string> */
function settings(): array
{
    return json_decode(file_get_contents('/etc/guest-book.json'), true, flags: JSON_THROW_ON_ERROR);
}

function open_database(): mysqli
{
    $told = settings();
    $link = mysqli_init();
    $link->options(MYSQLI_OPT_CONNECT_TIMEOUT, 2);
    $link->real_connect($told['host'], $told['user'], $told['password'], $told['schema']);
    $link->set_charset('utf8mb4');
    return $link;
}
