"""Containers that are servers: booted, imaged, backed up, harmed on purpose."""
