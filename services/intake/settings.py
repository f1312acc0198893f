"""intake's knobs; environment variables YOUSU_INTAKE_…"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class IntakeSettings(BaseSettings):
    """Every knob of intake, with its unit in its name."""

    model_config = SettingsConfigDict(env_prefix="YOUSU_INTAKE_", extra="ignore")

    database_url: str | None = Field(None, description="postgresql+asyncpg://…; without it SQLite in the data folder")
    code_tries: int = Field(10, description="wrong access codes a complaint takes before it is locked")
    code_lock_seconds: int = Field(900, description="how long wrong access codes count, and a lock lasts")
