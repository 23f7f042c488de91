<?php
// Where this page was made. The names come from Apache's environment (/etc/hr/server.env).

declare(strict_types=1);

/** One setting from the environment; '' and "not set" are the same. */
function setting(string $name, string $default = ''): string
{
    $value = getenv($name);
    return $value === false || $value === '' ? $default : $value;
}

/** Name of the server that answers. */
function server_name(): string
{
    return setting('HR_SERVER_NAME', gethostname() ?: 'unknown');
}

/** Zone of the server that answers; '' where nobody has said it. */
function server_zone(): string
{
    return setting('HR_SERVER_ZONE');
}

/** Address of the database that the site is told to use; '' without one. */
function database_host(): string
{
    return setting('PHP_ENV_SQL_IP');
}
