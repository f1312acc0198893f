"""What a composition root starts from: settings, clock, bus, keys; embedded or distributed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from shared import calendar, reference
from shared.auth import Issuer, Verifier
from shared.bus import Bus
from shared.bus.embedded import EmbeddedBus
from shared.clock import Clock, SystemClock, in_shanghai
from shared.crypto import Cipher, ensure_key_file
from shared.runtime import Service, Spec, assemble
from shared.settings import Settings


@dataclass(frozen=True)
class Surroundings:
    """Everything around a service; `distributed` services do not migrate at start."""

    settings: Settings
    clock: Clock
    bus: Bus
    cipher: Cipher
    verifier: Verifier
    on_death: Callable[[str], None]

    def service(self, spec: Spec[Any], url: str | None) -> Service[Any]:
        """This service here; without a database URL it keeps a SQLite file in the data folder."""
        return assemble(
            spec,
            self.settings,
            url=url or self.settings.sqlite_url(spec.name),
            bus=self.bus,
            clock=self.clock,
            cipher=self.cipher,
            on_death=self.on_death,
            migrate_at_start=url is None,
        )


def surroundings(
    settings: Settings, on_death: Callable[[str], None], *, clock: Clock | None = None, bus: Bus | None = None
) -> Surroundings:
    """What the settings describe; keys are made when the data folder has none."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    time = clock or SystemClock()
    folders = (reference.SHIPPED, settings.rules_folder)
    reference.serve_with(reference.Rules(folders, lambda: in_shanghai(time.now()).date()))
    calendar.serve_with(calendar.Years((calendar.SHIPPED, settings.calendar_folder)))
    cipher = Cipher.from_file(ensure_key_file(settings.cipher_file))
    return Surroundings(settings, time, bus or _bus(settings), cipher, _verifier(settings), on_death)


def _bus(settings: Settings) -> Bus:
    if settings.kafka_servers is None:
        return EmbeddedBus(settings.data_dir / "facts.db")
    from shared.bus.kafka import KafkaBus

    return KafkaBus(settings.kafka_servers, replication=settings.kafka_replication)


def issuer(settings: Settings) -> Issuer:
    """The embedded issuer of this data folder."""
    names = {"issuer": settings.token_issuer, "audience": settings.token_audience}
    return Issuer.in_folder(settings.data_dir / "keys", **names)


def _verifier(settings: Settings) -> Verifier:
    names = {"issuer": settings.token_issuer, "audience": settings.token_audience}
    if settings.jwks is None:
        return Verifier(issuer(settings).jwks, **names)
    if settings.jwks.startswith(("http://", "https://")):
        return Verifier(_discovered(settings.jwks), **names)
    from pydantic_core import from_json

    with open(settings.jwks, "rb") as file:
        return Verifier(from_json(file.read()), **names)


def _discovered(url: str) -> str:
    """The key set's address; an OIDC issuer's own address is asked for it."""
    if url.endswith(".json") or "jwks" in url or url.endswith("/certs"):
        return url
    found = httpx.get(url.rstrip("/") + "/.well-known/openid-configuration", timeout=10).raise_for_status()
    return str(found.json()["jwks_uri"])
