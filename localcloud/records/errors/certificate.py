"""What can go wrong with certificates."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import InUse, NameDuplicated, NotFound


class CertificateNotFound(NotFound):
    code, noun = "Openapi.Certificate.AccessFailed", "Certificate"


class CertificateInUse(InUse):
    code, noun = error_codes.CERTIFICATE_IN_USE, "Certificate"


class CertificateNameDuplicated(NameDuplicated):
    code, noun = error_codes.CERTIFICATE_NAME_DUPLICATED, "Certificate"
