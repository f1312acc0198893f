"""tracker's knobs; environment variables YOUSU_TRACKER_…"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TrackerSettings(BaseSettings):
    """Every knob of the tracker, with its unit in its name."""

    model_config = SettingsConfigDict(env_prefix="YOUSU_TRACKER_", extra="ignore")

    database_url: str | None = Field(None, description="postgresql+asyncpg://…; without it SQLite in the data folder")
    lease_max_seconds: int = Field(3600, description="longest lease a worker may claim a case for")
    wait_max_seconds: int = Field(30, description="longest time a pull of the queue may wait for a case")
    webhook_private: bool = Field(
        False, description="whether webhooks may go to an office's own network, and over http; without it public https"
    )
    webhook_keep_days: int = Field(30, description="how long closed webhook deliveries stay in the log")
