"""What intake is measured against: an empty endpoint; FastAPI with asyncpg, and with SQLModel, a transaction a request.

`python -m benchmarks.floors empty|asyncpg|sqlmodel PORT [URL]`; each stores one complaint row and one outbox row.
"""

import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import Field, SQLModel

from services.intake.requests import NewComplaint


class Row(SQLModel, table=True):
    __tablename__ = "complaint_row"
    id: str = Field(primary_key=True)
    body: str


class Fact(SQLModel, table=True):
    __tablename__ = "outbox_row"
    id: int | None = Field(default=None, primary_key=True)
    complaint: str
    body: str


def empty() -> FastAPI:
    app = FastAPI()

    @app.post("/", status_code=201)
    async def take() -> dict[str, str]:
        return {"number": "1"}

    return app


def with_asyncpg(url: str) -> FastAPI:
    pool: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        pool["it"] = await asyncpg.create_pool(url.replace("+asyncpg", ""), min_size=10, max_size=10)
        await pool["it"].execute("CREATE TABLE c (id text PRIMARY KEY, body text)")
        await pool["it"].execute("CREATE TABLE o (id bigserial PRIMARY KEY, c text, body text)")
        yield
        await pool["it"].close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/", status_code=201)
    async def take(body: NewComplaint) -> dict[str, str]:
        number, text = str(uuid.uuid4()), body.model_dump_json()
        async with pool["it"].acquire() as connection, connection.transaction():
            await connection.execute("INSERT INTO c VALUES ($1, $2)", number, text)
            await connection.execute("INSERT INTO o (c, body) VALUES ($1, $2)", number, text)
        return {"number": number}

    return app


def with_sqlmodel(url: str) -> FastAPI:
    engine = create_async_engine(url, pool_size=10)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all, tables=[Row.__table__, Fact.__table__])  # type: ignore[attr-defined]
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/", status_code=201)
    async def take(body: NewComplaint) -> dict[str, str]:
        number, text = str(uuid.uuid4()), body.model_dump_json()
        async with AsyncSession(engine) as session:
            session.add(Row(id=number, body=text))
            session.add(Fact(complaint=number, body=text))
            await session.commit()
        return {"number": number}

    return app


if __name__ == "__main__":
    kind, port, url = sys.argv[1], int(sys.argv[2]), sys.argv[-1]
    made = empty() if kind == "empty" else with_asyncpg(url) if kind == "asyncpg" else with_sqlmodel(url)
    uvicorn.run(made, host="127.0.0.1", port=port, access_log=False, log_level="warning")
