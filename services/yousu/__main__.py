"""`python -m services.yousu` is the `yousu` command."""

from services.yousu.command import app

app()
