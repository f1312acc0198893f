"""router's knobs; environment variables YOUSU_ROUTER_…"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RouterSettings(BaseSettings):
    """Every knob of the router, with its unit in its name."""

    model_config = SettingsConfigDict(env_prefix="YOUSU_ROUTER_", extra="ignore")

    database_url: str | None = Field(None, description="postgresql+asyncpg://…; without it SQLite in the data folder")
    triage_working_days: int = Field(3, description="a held complaint not decided by then is deemed accepted")
