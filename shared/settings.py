"""Settings every process shares; each can be given as an environment variable YOUSU_NAME."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every knob of the kernel, with its unit in its name."""

    model_config = SettingsConfigDict(env_prefix="YOUSU_", extra="ignore")

    port: int = Field(8000, description="port of the one origin")
    host: str = Field("127.0.0.1", description="address to listen on")
    data_dir: Path = Field(Path("var"), description="folder of databases, keys, logs and process ids")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")
    kafka_servers: str | None = Field(None, description="broker addresses host:port,…; without it the embedded bus")
    kafka_replication: int = Field(1, description="replicas of the topic when it is made")
    key_file: Path | None = Field(None, description="encryption keys; default keys/cipher.keys in the data folder")
    jwks: str | None = Field(
        None, description="file or URL of the issuer's public keys; without it the embedded issuer"
    )
    rules_dir: Path | None = Field(
        None, description="further versions of the mapping; default rules/ in the data folder"
    )
    calendar_dir: Path | None = Field(
        None, description="an office's own calendar years; default calendar/ in the data folder"
    )
    token_issuer: str = Field("yousu", description="`iss` a bearer token must carry")
    token_audience: str = Field("yousu", description="`aud` a bearer token must carry")
    otlp_endpoint: str | None = Field(
        None, description="collector http://host:4318 that spans are told to over OTLP/HTTP; off without it"
    )
    max_body_bytes: int = Field(262_144, description="largest request body")
    inbox_keep_days: int = Field(30, description="how long handled event ids are kept; longer than a fact can return")
    outbox_keep_days: int = Field(7, description="how long sent facts are kept")
    idempotency_keep_days: int = Field(7, description="how long answers under an Idempotency-Key are kept")

    @property
    def rules_folder(self) -> Path:
        return self.rules_dir or self.data_dir / "rules"

    @property
    def calendar_folder(self) -> Path:
        return self.calendar_dir or self.data_dir / "calendar"

    @property
    def cipher_file(self) -> Path:
        return self.key_file or self.data_dir / "keys" / "cipher.keys"

    def sqlite_url(self, name: str) -> str:
        """The embedded database of a service."""
        return f"sqlite+aiosqlite:///{(self.data_dir / f'{name}.db').absolute()}"
