"""The router's composition root; `python -m services.router` serves it alone."""

from collections.abc import Sequence
from pathlib import Path

from services.router import api
from services.router.consumer import listening
from services.router.domain import Reading
from services.router.handlers import Router
from services.router.settings import RouterSettings
from services.router.tables import kernel, metadata
from services.router.timers import timing
from shared import calendar, reference
from shared.composition import Surroundings
from shared.runtime import Service, Spec


def _unread(_title: str, _text: str) -> Sequence[Reading]:
    """Without a reader a text says nothing, and a person decides."""
    return ()


def build(around: Surroundings) -> Service[Router]:
    """The router in these surroundings."""
    settings = RouterSettings()
    router = Router(reference.current, calendar.current, _unread, settings)
    spec = Spec(
        name="router",
        metadata=metadata,
        kernel=kernel,
        migrations=Path(__file__).parent / "migrations",
        routes=(api.routes,),
        handlers=listening(router),
        timers=timing(router),
        parts=router,
    )
    return around.service(spec, settings.database_url)
