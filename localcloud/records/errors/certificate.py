"""What can go wrong with certificates."""

from __future__ import annotations

from localcloud.records import error_codes as invented
from localcloud.records.errors import InUse, NameDuplicated, NotFound


class CertificateNotFound(NotFound):
    code, noun = "Openapi.Certificate.AccessFailed", "Certificate"


class CertificateInUse(InUse):
    code, noun = invented.CERTIFICATE_IN_USE, "Certificate"


class CertificateNameDuplicated(NameDuplicated):
    code, noun = invented.CERTIFICATE_NAME_DUPLICATED, "Certificate"
