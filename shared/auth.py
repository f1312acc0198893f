"""Who is who: bearer tokens, verified offline against the issuer's public keys.

Claims: `iss`, `aud`, `exp`, `sub`, `role` (one of ROLES), `agency` (its code, for role agency).
"""

import asyncio
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto import write_secret
from shared.errors import Forbidden, Unauthenticated, Unavailable

Role = Literal["enterprise", "agency", "dispatcher", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
ALGORITHMS = ["EdDSA", "ES256", "ES384", "RS256", "PS256"]
LEEWAY_SECONDS = 30
#: Tokens whose signature was checked and need not be checked again before they expire.
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose token was verified; `agency` is set exactly when the role is agency."""

    subject: str
    role: Role
    agency: str | None = None

    def must_be(self, *roles: Role) -> None:
        """Forbidden unless the caller has one of these roles; admin may do what any role may."""
        if self.role not in roles and self.role != "admin":
            raise Forbidden(f"需要的角色：{'、'.join(roles)}；当前角色：{self.role}")


class Verifier:
    """Turns a bearer token into a Principal, without asking anybody but, once in a while, for the issuer's keys."""

    def __init__(self, jwks: dict[str, Any] | str, *, issuer: str, audience: str) -> None:
        self._remote = (
            jwt.PyJWKClient(jwks, cache_keys=True, lifespan=600, timeout=5) if isinstance(jwks, str) else None
        )
        self._keys = {} if isinstance(jwks, str) else {key.key_id: key for key in jwt.PyJWKSet.from_dict(jwks).keys}
        self._issuer, self._audience = issuer, audience
        self._seen: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """The caller; Unauthenticated when the token is not valid now, Unavailable when no key can be had for it."""
        known = self._seen.get(token)
        if known and known[1] > time.time():
            return known[0]
        try:
            # A key that is not at hand yet is fetched, which must not hold up everybody else.
            claims = await asyncio.to_thread(self._claims, token) if self._remote else self._claims(token)
            principal = _principal(claims)
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable("暂时无法核对令牌，请稍后再试") from error
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise Unauthenticated("令牌无效或已过期，请重新获取") from error
        self._seen[token] = (principal, float(claims["exp"]))
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return principal

    def _claims(self, token: str) -> dict[str, Any]:
        key = self._remote.get_signing_key_from_jwt(token) if self._remote else self._local_key(token)
        return jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )

    def _local_key(self, token: str) -> jwt.PyJWK:
        return self._keys[jwt.get_unverified_header(token)["kid"]]


def _principal(claims: dict[str, Any]) -> Principal:
    role = claims["role"]
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}")
    agency = claims["agency"] if role == "agency" else None
    if role == "agency" and not (isinstance(agency, str) and agency):
        raise ValueError("an agency's token must name the agency")
    return Principal(str(claims["sub"]), cast(Role, role), agency)


class Issuer:
    """The embedded issuer: an Ed25519 key of its own; an office with an OIDC issuer needs none."""

    def __init__(self, private_pem: bytes, *, issuer: str, audience: str) -> None:
        key = serialization.load_pem_private_key(private_pem, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the embedded issuer's key must be Ed25519")
        self._key, self._issuer, self._audience = key, issuer, audience

    @classmethod
    def in_folder(cls, keys: Path, *, issuer: str, audience: str) -> "Issuer":
        """The issuer whose key lies in this folder; made when there is none yet."""
        path = keys / "issuer.pem"
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_secret(path, pem.decode())
        return cls(path.read_bytes(), issuer=issuer, audience=audience)

    @property
    def jwks(self) -> dict[str, Any]:
        """The public half, as services read it."""
        key = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**key, "kid": "embedded", "use": "sig", "alg": "EdDSA"}]}

    def token(self, role: Role, *, agency: str | None = None, subject: str | None = None, hours: float = 12) -> str:
        """A bearer token for this role, valid for `hours`."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + int(hours * 3600),
        }
        claims |= {"sub": subject or f"{role}:{agency or 'local'}", "role": role}
        if agency:
            claims["agency"] = agency
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": "embedded"})
