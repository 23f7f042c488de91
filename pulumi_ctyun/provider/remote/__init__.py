"""Servers over SSH: connections, the identity of a server, files. The one place that knows asyncssh."""
