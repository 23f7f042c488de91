"""MariaDB nodes: accounts, replication, backups, replay of logs."""
