"""router's knobs; environment variables YOUSU_ROUTER_…"""

from decimal import Decimal
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RouterSettings(BaseSettings):
    """Every knob of the router, with its unit in its name."""

    model_config = SettingsConfigDict(env_prefix="YOUSU_ROUTER_", extra="ignore")

    database_url: str | None = Field(None, description="postgresql+asyncpg://…; without it SQLite in the data folder")
    triage_working_days: int = Field(3, description="a held complaint not decided by then is deemed accepted")
    supplement_working_days: int = Field(15, description="most a complainant is given for supplements, in all")
    watch_amount_yuan: Decimal = Field(Decimal(10_000_000), description="key supervision from this amount on")
    watch_years: int = Field(2, description="key supervision of arrears overdue so long")
    watch_times: int = Field(3, description="key supervision from so many complaints on the same")
    reader_dir: Path | None = Field(None, description="trained reader; default reader/ in the data folder, or shipped")
    model_dir: Path | None = Field(None, description="embedding model; default the user's cache")
    llm_url: str | None = Field(None, description="OpenAI-compatible endpoint …/v1 that reads too; off without it")
    llm_model: str = Field("default", description="name of the model at llm_url")
    llm_key: str | None = Field(None, description="bearer key for llm_url")
    llm_timeout_seconds: float = Field(10, description="longest wait for llm_url")
