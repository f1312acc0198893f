"""The router's composition root; `python -m services.router` serves it alone."""

from collections.abc import Callable
from pathlib import Path

from services.router import api, pages
from services.router.api import Parts
from services.router.applying import applying
from services.router.consumer import ANSWERS, listening
from services.router.desk import Desk
from services.router.domain import Read
from services.router.figures import collect
from services.router.handlers import Router
from services.router.reading import open_reader, with_language_model
from services.router.settings import RouterSettings
from services.router.tables import kernel, metadata
from services.router.tally import TALLYING
from services.router.timers import timing
from shared import calendar, reference
from shared.composition import Surroundings
from shared.runtime import Service, Spec


def build(around: Surroundings) -> Service[Parts]:
    """The router in these surroundings."""
    settings = RouterSettings()
    reader = open_reader(settings, around.settings.data_dir, reference.current())
    read = with_language_model(reader, settings, lambda: {m.ref: m.title for m in reference.current().matters.values()})
    return build_with(around, settings, read, reader.name)


def build_with(
    around: Surroundings, settings: RouterSettings, read: Callable[[str, str], Read], name: str
) -> Service[Parts]:
    """The router that reads texts with `read`, told as `name` in /readyz."""
    router = Router(reference.current, calendar.current, read, settings)
    spec = Spec(
        name="router",
        metadata=metadata,
        kernel=kernel,
        migrations=Path(__file__).parent / "migrations",
        routes=(api.routes, pages.routes),
        handlers=listening(router),
        applying=applying(router),
        timers=timing(router),
        parts=Parts(router, Desk(router)),
        answers=ANSWERS,
        collect=collect,
        chores={"tally": TALLYING},
        notes=lambda: {"reader": name},
    )
    return around.service(spec, settings.database_url)
