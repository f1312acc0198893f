"""Around every request: a span of its trace, a bound on its body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import trace
from shared.errors import TooLarge
from shared.web.problems import render


class Edge:
    """Opens the trace span (traceparent in, traceparent out) and refuses a body over `max_body_bytes`."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._limit = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        with trace.span(headers.get(b"traceparent", b"").decode("latin-1")) as current:

            async def send_traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"traceparent", current.encode())]
                await send(message)

            declared = headers.get(b"content-length", b"0")
            if declared.isdigit() and int(declared) > self._limit:
                await self._refuse(scope, receive, send_traced)
                return
            await self._app(scope, self._bounded(receive), send_traced)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        await render(TooLarge(f"请求正文至多 {self._limit} 字节"))(scope, receive, send)

    def _bounded(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise TooLarge(f"请求正文至多 {self._limit} 字节")
            return message

        return counted
