"""A service's database: SQLite with one writer, or PostgreSQL with a pool; the same sessions above."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

#: PostgreSQL's own word for «try again»: serialisation, deadlock, shutdown, crash, connection trouble.
_RETRYABLE_STATES = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25006")
BUSY_TIMEOUT_MS = 10_000


class Database:
    """Opens transactions; `writing()` commits at its end, `reading()` never writes.

    On SQLite every write waits for the one writer (WAL, synchronous=FULL), readers never wait. An error tells the
    statement, never its values: it goes into logs.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url: URL = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._writer = asyncio.Lock() if self.sqlite else None
        if self.sqlite:
            self.engine = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", size=1)
            self._reader = _sqlite_engine(self.url, begin="BEGIN", size=4)
        else:
            # A statement here is over before its compilation would be.
            plain = {"server_settings": {"jit": "off"}}
            self.engine = create_async_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=4,
                pool_recycle=1800,
                hide_parameters=True,
                connect_args=plain,
            )
            self._reader = self.engine
        self._apart = create_async_engine(self.url, poolclass=NullPool, hide_parameters=True)
        self._statements = self._apart.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session whose transaction commits when the block ends, and rolls back when it raises."""
        if self._writer is None:
            async with _session(self.engine) as session, session.begin():
                yield session
            return
        async with self._writer, _session(self.engine) as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for queries."""
        async with _session(self._reader) as session:
            yield session

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[AsyncSession]:
        """A session that keeps one connection from commit to commit and closes it at the end: for session locks."""
        async with self._apart.connect() as connection, _session(connection) as session:
            yield session

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncSession]:
        """A session apart in which each statement commits by itself: one round trip instead of three."""
        async with self._statements.connect() as connection, _session(connection) as session:
            yield session

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._apart.dispose()
        await self.engine.dispose()
        if self._reader is not self.engine:
            await self._reader.dispose()


def _session(bind: AsyncEngine | AsyncConnection) -> AsyncSession:
    return AsyncSession(bind, expire_on_commit=False, autoflush=False)


def _sqlite_engine(url: URL, *, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"timeout": 10},
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may succeed later: lost connection, deadlock, a busy or restarting server."""
    if isinstance(error, ConnectionError | TimeoutError | asyncio.TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError)
    state = getattr(error.orig, "sqlstate", None) or ""
    if error.connection_invalidated or state in _RETRYABLE_STATES or state.startswith("08"):
        return True
    if isinstance(error, InterfaceError):
        return True
    return isinstance(error, OperationalError) and ("locked" in str(error) or state == "")
