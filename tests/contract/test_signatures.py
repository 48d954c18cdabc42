"""Signer and Signatures: what a device signed is known by its public key, and nothing else is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.device_key import DeviceKey, KeySignatures, make_key_and_request, public_key_text, registrable
from adapters.memory import MemoryKey, MemorySignatures
from adapters.openssl_key import OpensslKey
from application.ports import NotAllowed, Signatures, Signer
from domain.errors import BadOption

CONTENT = b"WLR2\x00\x02{}body"


@dataclass
class Pair:
    """Two devices, what is registered of each, and who judges."""

    one: Signer
    other: Signer
    public: str
    public_of_other: str
    signatures: Signatures


def written(key: PrivateKeyTypes, path: Path) -> Path:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return path


def in_memory(_: Path) -> Pair:
    return Pair(MemoryKey("one"), MemoryKey("other"), "one", "other", MemorySignatures())


def of_files(signer: Callable[[Path], Signer], make: Callable[[Path], object]) -> Callable[[Path], Pair]:
    def pair(folder: Path) -> Pair:
        one, other = folder / "one.key", folder / "other.key"
        make(one)
        make(other)
        return Pair(signer(one), signer(other), public_key_text(one), public_key_text(other), KeySignatures())

    return pair


def enrolled(path: Path) -> None:
    make_key_and_request("edge-1", path, path.with_suffix(".csr"))


def of_rsa(path: Path) -> None:
    written(rsa.generate_private_key(65537, 2048), path)


def of_p384(path: Path) -> None:
    written(ec.generate_private_key(ec.SECP384R1()), path)


PAIRS = {
    "memory": in_memory,
    "OpenSSL, as enroll makes it": of_files(OpensslKey, enrolled),
    "OpenSSL, P-384": of_files(OpensslKey, of_p384),
    "OpenSSL, RSA": of_files(OpensslKey, of_rsa),
    "cryptography, as enroll makes it": of_files(DeviceKey, enrolled),
    "cryptography, RSA": of_files(DeviceKey, of_rsa),
}
OF_FILES: dict[str, type[OpensslKey] | type[DeviceKey]] = {"OpenSSL": OpensslKey, "cryptography": DeviceKey}


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    return PAIRS[request.param](tmp_path)


def test_what_a_device_signed_is_its_own(pair: Pair) -> None:
    for content in (CONTENT, b"", b"x" * 100_000):
        signature = pair.one.sign(content)
        assert pair.signatures.is_by_one_of([pair.public], content, signature)
        assert pair.signatures.is_by_one_of([pair.public_of_other, pair.public], content, signature)
        assert not pair.signatures.is_by_one_of([pair.public_of_other], content, signature)
        assert not pair.signatures.is_by_one_of([], content, signature)


def test_no_changed_bit_of_the_content_goes_unseen(pair: Pair) -> None:
    signature = pair.one.sign(CONTENT)
    for at in range(len(CONTENT)):
        changed = CONTENT[:at] + bytes((CONTENT[at] ^ 1,)) + CONTENT[at + 1 :]
        assert not pair.signatures.is_by_one_of([pair.public], changed, signature)


@given(signature=st.binary(max_size=100))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_signature_is_nothing_is_raised(pair: Pair, signature: bytes) -> None:
    assert not pair.signatures.is_by_one_of([pair.public], CONTENT, signature)


@pytest.mark.parametrize("key", ["", "one more", "QUJD", "ü", "A" * 2048])
def test_whatever_is_registered_as_a_key_nothing_is_raised(pair: Pair, key: str) -> None:
    assert not pair.signatures.is_by_one_of([key], CONTENT, pair.one.sign(CONTENT))


@pytest.mark.parametrize("signer", OF_FILES)
def test_a_renewed_key_signs_at_once(signer: str, tmp_path: Path) -> None:
    device = OF_FILES[signer](tmp_path / "device.key")
    enrolled(tmp_path / "device.key")
    before = public_key_text(device.file)
    device.sign(CONTENT)
    device.file.unlink()
    enrolled(device.file)
    after = public_key_text(device.file)
    assert KeySignatures().is_by_one_of([after], CONTENT, device.sign(CONTENT))
    assert not KeySignatures().is_by_one_of([before], CONTENT, device.sign(CONTENT))


@pytest.mark.parametrize("signer", OF_FILES)
def test_a_key_that_cannot_sign_is_told_without_its_content(signer: str, tmp_path: Path) -> None:
    device = OF_FILES[signer](tmp_path / "device.key")
    with pytest.raises(NotAllowed, match=r"device\.key cannot be read"):
        device.sign(CONTENT)
    secret = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"word")
    )
    for content in (b"", b"\x00" * 99, b"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n", secret):
        device.file.write_bytes(content)
        with pytest.raises(NotAllowed, match=r"readings are not sent, because .* without a password") as refused:
            device.sign(CONTENT)
        assert "\n" not in str(refused.value)
    written(ed25519.Ed25519PrivateKey.generate(), device.file)
    with pytest.raises(NotAllowed, match="no EC or RSA key"):
        device.sign(CONTENT)


def test_this_python_lets_one_at_its_openssl() -> None:
    """Otherwise a device of this machine would not fit into its 70 MB."""
    assert OpensslKey.available()


def test_a_public_key_is_registered_in_one_form_however_it_was_copied(tmp_path: Path) -> None:
    enrolled(tmp_path / "device.key")
    key = public_key_text(tmp_path / "device.key")
    assert registrable(key, "site.toml") == key
    assert registrable(f" {key[:60]}\n  {key[60:]}\n", "site.toml") == key


def test_what_is_no_public_key_is_refused_by_its_place() -> None:
    others = dsa.generate_private_key(2048), ed25519.Ed25519PrivateKey.generate()
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    lines = [one.public_key().public_bytes(encoding, form).decode().splitlines()[1:-1] for one in others]
    for text in ("", "nonsense", "QUJD", "ü", *map("".join, lines)):
        with pytest.raises(BadOption, match=r"^site\.toml: device_keys: '.*' is no public key; give the one line"):
            registrable(text, "site.toml: device_keys")
