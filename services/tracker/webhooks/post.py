"""One request to an agency's address: to the very address that was checked, within ten seconds, following nothing."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial

import httpx

from services.tracker.webhooks.address import Wrong, allowed, host_of, target

Resolver = Callable[[str, int], Awaitable[list[str]]]
TIMEOUT_SECONDS = 10.0
#: One of several addresses of a host that does not answer must leave time for the next.
CONNECT_SECONDS = 4.0
#: The answer's text is for the log: so much of it, and no longer waited for.
ANSWER_BYTES = 1024
ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the beginning of the body."""

    status: int
    text: str


async def look_up(host: str, port: int) -> list[str]:
    """Every address of this host."""
    asked = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_lookups(), asked)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _lookups() -> ThreadPoolExecutor:
    """Threads of their own: a name server that hangs must hold up nobody else's work in threads."""
    return ThreadPoolExecutor(32, "webhook-name")


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that certificates are checked against; an office's own by SSL_CERT_FILE."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Post:
    """Posts to an address; Wrong, TimeoutError, OSError or an error of httpx where there is no answer."""

    private: bool
    resolve: Resolver = look_up
    trust: Callable[[], ssl.SSLContext] = trusted
    timeout_seconds: float = TIMEOUT_SECONDS

    async def __call__(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        to = target(url, self.private)
        verify = self.trust() if to.scheme == "https" else False
        # No proxy and no credentials of the environment, no cookies, and no connection that was made for another name.
        limits = httpx.Timeout(self.timeout_seconds, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(verify=verify, trust_env=False, timeout=limits) as client:
            async with asyncio.timeout(self.timeout_seconds):
                response = await self._first(client, to, headers, body)
            try:
                return Answer(response.status_code, await _beginning(response))
            finally:
                await response.aclose()

    async def _first(
        self, client: httpx.AsyncClient, to: httpx.URL, headers: Mapping[str, str], body: str
    ) -> httpx.Response:
        """The answer of the first of the host's addresses that can be connected to."""
        unreachable: Exception = Wrong("域名没有地址")
        for address in await self._checked(to):
            request = client.build_request(
                "POST",
                to.copy_with(host=address),
                content=body.encode(),
                headers={**headers, "Host": to.netloc.decode("ascii"), "Accept-Encoding": "identity"},
                extensions={"sni_hostname": host_of(to)},
            )
            try:
                return await client.send(request, stream=True, follow_redirects=False)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                unreachable = error
        raise unreachable

    async def _checked(self, to: httpx.URL) -> list[str]:
        """The host's addresses, resolved once and every one of them allowed."""
        port = to.port or (443 if to.scheme == "https" else 80)
        addresses = await self.resolve(host_of(to), port)
        if not all(allowed(address, self.private) for address in addresses):
            raise Wrong("域名解析到内网、本机、组播或保留地址，不推送")
        return addresses


async def _beginning(response: httpx.Response) -> str:
    kept = b""
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(ANSWER_SECONDS):
            async for chunk in response.aiter_raw():
                kept += chunk
                if len(kept) >= ANSWER_BYTES:
                    break
    # PostgreSQL keeps no NUL in a text.
    return kept[:ANSWER_BYTES].decode(errors="replace").replace("\x00", "\ufffd")
