"""What a client certificate says about itself, without using it."""

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from providers.transport import ClientCertificate


class Unusable(ValueError):
    """Not a certificate with its key: unreadable, a wrong password, or the two do not belong together."""


def valid_until(certificate: ClientCertificate) -> datetime:
    """When the certificate ends, aware, UTC. Raises :class:`Unusable`."""
    try:
        found = x509.load_pem_x509_certificate(certificate.certificate.encode())
        key = _private_key(certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Unusable(type(error).__name__) from error
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != found.public_key().public_bytes(*form):
        raise Unusable("another key")
    return found.not_valid_after_utc


def _private_key(certificate: ClientCertificate) -> PrivateKeyTypes:
    text = certificate.key.encode()
    try:
        return load_pem_private_key(text, certificate.password.encode() or None)
    except TypeError:  # a password for a key that needs none does no harm; the TLS library takes it, too
        return load_pem_private_key(text, None)
