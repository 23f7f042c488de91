"""Volumes: attached and grown; their snapshots, backups and policies."""
