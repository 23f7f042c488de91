"""Disks as files and loop devices, and copies of them."""
