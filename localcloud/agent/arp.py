"""Gratuitous ARP: who knew an address from elsewhere learns at once where it is now."""

from __future__ import annotations

import socket
import struct


def announce(link: str, mac: str, address: str) -> None:
    """Tell all neighbours on `link` (of this thread's network namespace) that `address` is at `mac`."""
    hardware, internet = bytes.fromhex(mac.replace(":", "")), socket.inet_aton(address)
    everybody = b"\xff" * 6
    frame = everybody + hardware + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)
    frame += hardware + internet + everybody + internet
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((link, 0))
        raw.send(frame)
