"""`python -m services.router` serves router alone."""

from services.router.app import build
from shared.serving import serve_alone

serve_alone("router", build)
