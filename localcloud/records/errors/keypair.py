"""What can go wrong with key pairs (both codes are invented)."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import NameDuplicated, NotFound


class KeyPairNotFound(NotFound):
    code, noun = error_codes.KEY_PAIR_NOT_FOUND, "Key pair"


class KeyPairNameDuplicated(NameDuplicated):
    code, noun = error_codes.KEY_PAIR_NAME_DUPLICATED, "Key pair"
