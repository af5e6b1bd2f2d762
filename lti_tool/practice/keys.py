"""The platform's key pairs, and signing whatever a test wants signed."""

import base64
import hashlib
import hmac
import json
import uuid
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm, get_default_algorithms

from lti_tool.practice.model import SigningKey

CURRENT = "current"


def new_key() -> SigningKey:
    """A fresh RSA pair of 2048 bits, published."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningKey(uuid.uuid4().hex[:20], pem.decode())


class KeyRing:
    """The keys of one site. Made on first use, because many tests need none."""

    def __init__(self, keys: list[SigningKey]) -> None:
        self.keys = keys
        self._loaded: dict[str, rsa.RSAPrivateKey] = {}

    @property
    def current(self) -> SigningKey:
        """The key that launches are signed with."""
        if not self.keys:
            self.keys.append(new_key())
        return self.keys[-1]

    def rotate(self, *, keep_old: bool) -> None:
        """Sign with a new key; the old ones stay published only with `keep_old`."""
        for old in (*self.keys, self.current):
            old.is_published = keep_old
        self.keys.append(new_key())

    def published(self) -> dict[str, list[dict[str, Any]]]:
        """The JSON Web Key Set."""
        _ = self.current
        return {"keys": [self._jwk(key) for key in self.keys if key.is_published]}

    def sign(
        self,
        claims: object,
        *,
        kid: str | None = CURRENT,
        alg: str = "RS256",
        headers: dict[str, Any] | None = None,
    ) -> str:
        """A compact JWT of `claims` (bytes are signed as they are), right or wrong as asked.

        `kid=None` leaves the header out; an unknown one is claimed while the current key signs.
        HS256 takes the public key's text as its secret: the classic confusion attack.
        """
        key = next((key for key in self.keys if key.kid == kid), self.current)
        shown = key.kid if kid == CURRENT else kid
        header = {"typ": "JWT", "alg": alg} | ({"kid": shown} if shown is not None else {})
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        signed = b".".join(
            encoded(p) for p in (json.dumps(header | (headers or {})).encode(), payload)
        )
        return b".".join((signed, encoded(self._signature(signed, alg, key)))).decode()

    def private(self, key: SigningKey) -> rsa.RSAPrivateKey:
        """The key itself, parsed once."""
        if key.kid not in self._loaded:
            parsed = serialization.load_pem_private_key(key.private_pem.encode(), password=None)
            assert isinstance(parsed, rsa.RSAPrivateKey)
            self._loaded[key.kid] = parsed
        return self._loaded[key.kid]

    def public_pem(self) -> bytes:
        """The current public key as text."""
        return (
            self.private(self.current)
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def _jwk(self, key: SigningKey) -> dict[str, Any]:
        jwk = RSAAlgorithm.to_jwk(self.private(key).public_key(), as_dict=True)
        return {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": key.kid,
            "e": jwk["e"],
            "n": jwk["n"],
        }

    def _signature(self, signed: bytes, alg: str, key: SigningKey) -> bytes:
        if alg == "none":
            return b""
        if alg == "HS256":
            return hmac.new(self.public_pem(), signed, hashlib.sha256).digest()
        algorithm = get_default_algorithms()[alg]
        private = ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else self.private(key)
        return algorithm.sign(signed, private)


def encoded(part: bytes) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64encode(part).rstrip(b"=")
