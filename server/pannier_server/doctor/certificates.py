"""From when until when certificates are valid, read from their PEM.

Python's ssl decodes only a peer's certificate, and of those in files only authorities'. The
two dates are at a fixed place (RFC 5280, section 4.1), so no more of DER is read than it takes
to get there.
"""

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

_EXPLICIT_VERSION = 0xA0
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate is valid, both ends included."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of DER: its tag, and where its content starts and ends."""

    tag: int
    start: int
    end: int


def validities(pem: str) -> list[Validity]:
    """Return when each of the certificates in a file is valid, in their order.

    Raises:
        ValueError: One of them is no certificate.
    """
    return [_validity(ssl.PEM_cert_to_DER_cert(block)) for block in _PEM.findall(pem)]


def first_certificate(pem: str) -> bytes:
    """Return the first certificate in a file, in DER.

    Raises:
        ValueError: There is none.
    """
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("there is no certificate")
    return ssl.PEM_cert_to_DER_cert(found[0])


def _validity(der: bytes) -> Validity:
    try:
        to_be_signed = _element(der, _element(der, 0).start)
        field = _element(der, to_be_signed.start)
        if field.tag == _EXPLICIT_VERSION:
            field = _element(der, field.end)
        # From the serial number over the signature's algorithm and the issuer.
        for _ in range(3):
            field = _element(der, field.end)
        starts = _element(der, field.start)
        ends = _element(der, starts.end)
        return Validity(_moment(der, starts), _moment(der, ends))
    except IndexError:
        raise ValueError("the certificate is cut short") from None


def _element(der: bytes, at: int) -> _Element:
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(der[start : start + size], "big")
        start += size
    if start + length > len(der):
        raise IndexError
    return _Element(tag, start, start + length)


def _moment(der: bytes, element: _Element) -> datetime:
    text = der[element.start : element.end].decode("ascii")
    if element.tag == _UTC_TIME:
        # Two digits stand for the years from 1950 to 2049.
        text = ("19" if text >= "50" else "20") + text
    elif element.tag != _GENERALIZED_TIME:
        raise ValueError("the certificate has no validity where it should be")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
