"""What alembic runs; the connection and the metadata are given by shared.migrate."""

from shared.migrate import run_environment

run_environment()
