"""intake's composition root; `python -m services.intake` serves it alone."""

from pathlib import Path

from services.intake import api, pages
from services.intake.consumer import applying, listening
from services.intake.handlers import Intake
from services.intake.settings import IntakeSettings
from services.intake.tables import kernel, metadata
from services.intake.timers import TIMERS
from shared.composition import Surroundings
from shared.runtime import Service, Spec


def build(around: Surroundings) -> Service[Intake]:
    """intake in these surroundings."""
    settings = IntakeSettings()
    intake = Intake(around.cipher, settings)
    spec = Spec(
        name="intake",
        metadata=metadata,
        kernel=kernel,
        migrations=Path(__file__).parent / "migrations",
        routes=(api.routes, pages.routes),
        handlers=listening(intake),
        applying=applying(intake),
        timers=TIMERS,
        parts=intake,
    )
    return around.service(spec, settings.database_url)
