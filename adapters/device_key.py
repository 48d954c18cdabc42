"""The device's key and certificate as files: made here, so that the key never leaves the device. What it signs, too.

Each kind of key that AWS IoT takes signs in one way: EC by ECDSA with SHA-256, RSA with SHA-256. `enroll` makes P-256.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID

from application.ports import NotAllowed
from domain.errors import BadOption, BadSettings

LARGEST_FILE = 64 * 1024
KEYS_AT_HAND = 1024
PublicKey = EllipticCurvePublicKey | RSAPublicKey


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
    return _public(_private_key(key).public_key())


def public_key_text(key: Path) -> str:
    """The public part of a private key's file, as the ledger registers it. Raises `BadSettings`."""
    return b64encode(public_key_of(key)).decode()


def registrable(key: str, where: str) -> str:
    """A public key as somebody wrote it, in the one form in which it is registered. Raises `BadOption`."""
    try:
        return b64encode(_public(_public_key("".join(key.split())))).decode()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadOption(
            f"{where}: {key[:20]!r} is no public key; give the one line that `wattledger edge enroll` tells"
        ) from error


@dataclass(frozen=True)
class DeviceKey:
    """Signer, for a Python whose OpenSSL cannot be reached. The file is read each time: a renewed key signs at once."""

    file: Path

    def sign(self, content: bytes) -> bytes:
        try:
            key = _private_key(self.file)
        except BadSettings as error:
            raise NotAllowed(f"readings are not sent, because they cannot be signed: {error}") from error
        if isinstance(key, EllipticCurvePrivateKey):
            return key.sign(content, ECDSA(hashes.SHA256()))
        if isinstance(key, RSAPrivateKey):
            return key.sign(content, PKCS1v15(), hashes.SHA256())
        raise NotAllowed(
            f"readings are not sent, because {self.file} cannot sign them: it holds no EC or RSA key without a "
            "password; make one with `wattledger edge enroll`"
        )


class KeySignatures:
    """Signatures, by the public keys of devices."""

    def is_by_one_of(self, keys: Sequence[str], content: bytes, signature: bytes) -> bool:
        return any(_is_by(key, content, signature) for key in keys)


def _is_by(key: str, content: bytes, signature: bytes) -> bool:
    try:
        public = _public_key(key)
        if isinstance(public, EllipticCurvePublicKey):
            public.verify(signature, content, ECDSA(hashes.SHA256()))
        else:
            public.verify(signature, content, PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


@lru_cache(KEYS_AT_HAND)
def _public_key(text: str) -> PublicKey:
    """Raises `ValueError`, `UnsupportedAlgorithm`."""
    found = serialization.load_der_public_key(b64decode(text, validate=True))
    if not isinstance(found, PublicKey):
        raise ValueError(f"a key of the kind {type(found).__name__} signs nothing here")
    return found


def _private_key(key: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(_content(key), password=None)
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
