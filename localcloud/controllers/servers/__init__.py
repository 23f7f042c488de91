"""Servers: made, started, stopped, rebooted, imaged and backed up."""
