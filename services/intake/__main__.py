"""`python -m services.intake` serves intake alone."""

from services.intake.app import build
from shared.serving import serve_alone

serve_alone("intake", build)
