<?php
// For a balancer's checks: 503 for what is this server's own fault, 200 for the rest. Without their database all servers are
// alike, and taking them all out would leave nobody to say so.

declare(strict_types=1);

require __DIR__ . '/include/database.php';

// Wrong password (1045, 1698), no right to the database (1044), host refused (1130) or blocked after errors (1129).
const OWN_FAULTS = [1044, 1045, 1129, 1130, 1698];

/** What is wrong with this server, or null. */
function own_fault(): ?string
{
    if (database_host() === '') {
        return 'no database is configured';
    }
    try {
        open_database()->close();
    } catch (DatabaseAway $away) {
        return in_array($away->getPrevious()?->getCode(), OWN_FAULTS, true) ? $away->getMessage() : null;
    }
    return null;
}

$fault = own_fault();
http_response_code($fault === null ? 200 : 503);
header('Content-Type: application/json; charset=utf-8');
header('Cache-Control: no-store');
echo json_encode(['server' => server_name(), 'zone' => server_zone(), 'fault' => $fault], JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), "\n";
