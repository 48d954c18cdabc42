"""The device's key and certificate as files: made here, so that the key never leaves the device."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID

from domain.errors import BadSettings

LARGEST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says: whose it is, and from when to when (UTC)."""

    subject: str
    valid_from: datetime
    valid_to: datetime
    public_key: bytes


def make_key_and_request(device: str, key: Path, request: Path) -> None:
    """Write a new P-256 key, readable by its owner alone, and a request for a certificate in the device's name.

    Raises `BadSettings` where a key is already: it may be the only one that the cloud knows.
    """
    made = generate_private_key(SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(made, hashes.SHA256())
    try:
        _write_new(key, pem, 0o600)
    except FileExistsError:
        raise BadSettings(
            f"{key} is there already and is kept; move it away first if the device is to have a new identity"
        ) from None
    request.write_bytes(asked.public_bytes(serialization.Encoding.PEM))


def read_certificate(path: Path) -> Certificate:
    """The first certificate of a PEM file. Raises `BadSettings`."""
    try:
        found = x509.load_pem_x509_certificate(_content(path))
    except ValueError as error:
        raise BadSettings(f"{path} holds no certificate ({error}); write it as PEM") from error
    names = [str(attribute.value) for attribute in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return Certificate(
        ", ".join(names), found.not_valid_before_utc, found.not_valid_after_utc, _public(found.public_key())
    )


def public_key_of(key: Path) -> bytes:
    """The public part of a private key's file. Raises `BadSettings`, which says nothing of the content."""
    try:
        return _public(serialization.load_pem_private_key(_content(key), password=None).public_key())
    except (ValueError, TypeError):
        raise BadSettings(
            f"{key} holds no private key without a password; make one with `wattledger edge enroll`"
        ) from None


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined]  # every kind of key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE)
    except PermissionError as error:
        raise BadSettings(f"{path} may not be read by this user; ask as the device's: sudo -u wattledger") from error
    except OSError as error:
        raise BadSettings(f"{path} cannot be read ({error.strerror}); `wattledger edge enroll` makes a key") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
