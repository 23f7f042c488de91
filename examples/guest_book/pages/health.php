<?php
// For the balancer: this server has its settings and can run PHP.

declare(strict_types=1);

require __DIR__ . '/settings.php';

echo settings()['server'], "\n";
