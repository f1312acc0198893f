"""An agency's own address: a real HTTP server on this machine that keeps what it was sent."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        return str(json.loads(self.body)["type"])

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["data"]
        return found

    def verified(self, secret: str) -> dict[str, Any]:
        """What the library says it is; raises when no signature is by this secret."""
        found: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return found


@dataclass
class Receiver:
    """`statuses` are answered in turn, then `status`; `hold` keeps every answer back until so many requests are in."""

    status: int = 200
    statuses: list[int] = field(default_factory=list)
    head: str = ""
    answer: bytes = b"thanks"
    hold: int = 0
    received: list[Received] = field(default_factory=list)
    port: int = 0
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?office=1"

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    @property
    def types(self) -> list[str]:
        return [one.type for one in self.received]

    async def arrived(self, count: int) -> None:
        """So many requests are in."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.received.append(await _read(reader))
            status = self.statuses.pop(0) if self.statuses else self.status
            async with self._arrived:
                self._arrived.notify_all()
            await self.arrived(self.hold)
            head = f"HTTP/1.1 {status} So\r\nContent-Length: {len(self.answer)}\r\n{self.head}Connection: close\r\n\r\n"
            writer.write(head.encode() + self.answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Received(first.split(" ")[1], headers, body.decode())


@asynccontextmanager
async def receiving(receiver: Receiver, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """The receiver, listening; with `tls` over https."""
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
