"""The device's key signs, by the OpenSSL that Python itself speaks TLS with: it is in memory already.

The package that makes the key would take 12 MB more, and the whole device may take 70. Only functions are called that
OpenSSL has had since 1.1.1; where this Python hides them, `available` says so, and `adapters.device_key` signs instead.
"""

import _ssl
import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from application.ports import NotAllowed

LARGEST_FILE = 64 * 1024
NO_PASSWORD = b""
"""Without one OpenSSL would ask for it on the terminal, and a service has none."""
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {  # what each gives, and takes
    "BIO_new_mem_buf": (c_void_p, [c_char_p, c_int]),
    "BIO_free": (c_int, [c_void_p]),
    "PEM_read_bio_PrivateKey": (c_void_p, [c_void_p, c_void_p, c_void_p, c_char_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_sha256": (c_void_p, []),
    "EVP_DigestSignInit": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EVP_DigestSign": (c_int, [c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "ERR_clear_error": (None, []),
}


@dataclass(frozen=True)
class OpensslKey:
    """Signer, ECDSA or RSA with SHA-256. The file is read each time: a renewed key signs without a restart."""

    file: Path

    @staticmethod
    def available() -> bool:
        """Whether this Python lets one at its OpenSSL."""
        return _library() is not None

    def sign(self, content: bytes) -> bytes:
        library = _library()
        if library is None:
            raise NotAllowed("readings are not sent, because this Python has no OpenSSL that could sign them")
        try:
            with self.file.open("rb") as file:
                pem = file.read(LARGEST_FILE)
        except OSError as error:
            raise NotAllowed(f"readings are not sent, because {self.file} cannot be read ({error.strerror})") from error
        with _private_key(library, pem) as key:
            signature = _signature(library, key, content) if key else b""
        if not signature:
            raise NotAllowed(
                f"readings are not sent, because {self.file} cannot sign them: it holds no EC or RSA key without a "
                "password; make one with `wattledger edge enroll`"
            )
        return signature


@cache
def _library() -> Any:
    """What Python's own module was linked with; None where that cannot be reached."""
    try:
        library = ctypes.CDLL(_ssl.__file__)
        for name, (gives, takes) in FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = gives, takes
    except (OSError, AttributeError):  # linked into the interpreter, or without these names
        return None
    return library


@contextmanager
def _private_key(library: Any, pem: bytes) -> Iterator[int | None]:
    """None where the bytes hold none. Nothing stays in OpenSSL's queue of errors, which TLS reads, too."""
    source = library.BIO_new_mem_buf(pem, len(pem))
    key = library.PEM_read_bio_PrivateKey(source, None, None, NO_PASSWORD) if source else None
    try:
        yield key
    finally:
        library.EVP_PKEY_free(key)
        library.BIO_free(source)
        library.ERR_clear_error()


def _signature(library: Any, key: int, content: bytes) -> bytes:
    """Empty where the key cannot sign so."""
    digest = library.EVP_MD_CTX_new()
    try:
        if library.EVP_DigestSignInit(digest, None, library.EVP_sha256(), None, key) != 1:
            return b""
        size = c_size_t()
        if library.EVP_DigestSign(digest, None, byref(size), content, len(content)) != 1:
            return b""
        room = ctypes.create_string_buffer(size.value)
        if library.EVP_DigestSign(digest, room, byref(size), content, len(content)) != 1:
            return b""
        return room.raw[: size.value]
    finally:
        library.EVP_MD_CTX_free(digest)
