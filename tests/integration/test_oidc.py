"""Tokens of a foreign OIDC issuer are verified by its published keys, offline once the keys are known."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.auth import Verifier
from shared.composition import _discovered
from shared.errors import Unauthenticated, Unavailable

ISSUER, AUDIENCE = "https://id.example.gov.cn", "yousu"


class Office:
    """An OIDC issuer on this machine: its keys, and the server that publishes them."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        office = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = office.published(self.path)
                self.send_response(200 if found else 404)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def published(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"jwks_uri": f"{self.origin}/keys"}
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**public, "kid": "2026", "use": "sig", "alg": "RS256"}]}
        return None

    def token(self, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
        """Signed by `key`, its own when left out."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 60, "sub": "zhang", "role": "agency", "agency": "hn-gxt"}
        return jwt.encode({**claims, **changes}, key or self.key, algorithm="RS256", headers={"kid": "2026"})


@pytest.fixture
def office() -> Iterator[Office]:
    found = Office()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.fixture
def verifier(office: Office) -> Verifier:
    return Verifier(_discovered(office.origin), issuer=ISSUER, audience=AUDIENCE)


async def test_a_foreign_token_is_accepted_by_its_published_key(office: Office, verifier: Verifier) -> None:
    principal = await verifier.verify(office.token())
    assert (principal.subject, principal.role, principal.agency) == ("zhang", "agency", "hn-gxt")


@pytest.mark.parametrize(
    "changes", [{"iss": "https://elsewhere"}, {"aud": "other"}, {"exp": 1}, {"role": "king"}, {"agency": None}], ids=str
)
async def test_a_claim_that_is_not_right_is_refused(
    office: Office, verifier: Verifier, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(office.token(**changes))


async def test_a_token_signed_by_another_key_is_refused(office: Office, verifier: Verifier) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(office.token(rsa.generate_private_key(public_exponent=65537, key_size=2048)))


async def test_a_known_key_verifies_new_tokens_while_the_issuer_is_away(office: Office, verifier: Verifier) -> None:
    await verifier.verify(office.token())
    office.server.shutdown()
    office.server.server_close()
    assert (await verifier.verify(office.token(sub="wang"))).subject == "wang"


async def test_an_issuer_that_cannot_be_reached_is_no_fault_of_the_token(office: Office) -> None:
    away = Verifier("http://127.0.0.1:9/keys", issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(Unavailable):
        await away.verify(office.token())
