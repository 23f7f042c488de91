<?php
// Runs on the command line when a server is set up; may be run again, and on several servers at once.

declare(strict_types=1);

require __DIR__ . '/settings.php';

if (PHP_SAPI !== 'cli') {
    http_response_code(404);
    exit;
}
open_database()->query(
    'CREATE TABLE IF NOT EXISTS entries (id BIGINT AUTO_INCREMENT PRIMARY KEY, guest VARCHAR(80) NOT NULL, written TIMESTAMP NOT NULL)'
);
