"""Secrets at rest: authenticated encryption with rotating keys, and keyed digests.

The key file holds one key a line, `ID:BASE64` with 32 bytes each; the first seals, all of them open.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import Permanent

KEY_BYTES = 32
_NONCE_BYTES = 12


class Cipher:
    """AES-256-GCM; what was sealed for one purpose (`context`) opens for no other."""

    def __init__(self, keys: dict[str, bytes], sealing: str | None = None) -> None:
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._sealing = sealing or next(iter(keys))
        self._digest_key = hashlib.sha256(b"digest" + list(keys.values())[-1]).digest()

    @classmethod
    def from_file(cls, path: Path) -> "Cipher":
        """The keys in this file; the oldest, at its end, also keys the digests and must stay.

        A key may stand twice: «old, new, old» opens what the new one seals while the old one still does.
        """
        lines = [line.split(":", 1) for line in path.read_text().split() if line]
        keys: dict[str, bytes] = {}
        for name, key in lines:
            keys.pop(name, None)
            keys[name] = base64.b64decode(key)
        return cls(keys, sealing=lines[0][0])

    def seal(self, data: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._sealing.encode() + b":" + nonce + self._keys[self._sealing].encrypt(nonce, data, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The data; Permanent when the key is gone or the bytes were changed."""
        name, _, rest = sealed.partition(b":")
        try:
            key = self._keys[name.decode()]
            return key.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context.encode())
        except (KeyError, InvalidTag) as error:
            raise Permanent("sealed data does not open with the keys at hand") from error

    def digest(self, purpose: str, text: str) -> str:
        """A keyed digest, 64 hexadecimal characters: the same for the same text, and nobody can guess backwards."""
        return hmac.new(self._digest_key, f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def ensure_key_file(path: Path) -> Path:
    """The key file, made with one fresh key when there is none yet; readable by its owner alone."""
    if not path.exists():
        key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        write_secret(path, f"k1:{key}\n")
    return path


def write_secret(path: Path, content: str) -> None:
    """Write the file whole or not at all, mode 0600; an existing one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
