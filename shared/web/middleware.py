"""Around every request: a span of its trace, a bound on its body, an answer to what nobody foresaw."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import trace
from shared.errors import TooLarge
from shared.reference.identifiers import normalise_number, number_problem
from shared.web.problems import render, unexpected

log = structlog.get_logger()
#: Asked every few seconds by machines; a trace of them tells nothing.
QUIET = ("/healthz", "/readyz", "/metrics")


class Edge:
    """Opens the trace span (traceparent in, traceparent out) and refuses a body over `max_body_bytes`.

    An unforeseen error is logged and answered here, inside the span, so that log and answer have its trace.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._limit = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        parent, quiet = headers.get(b"traceparent", b"").decode("latin-1"), scope["path"] in QUIET
        begun = False
        with trace.span(parent, scope["method"], "server", quiet=quiet) as current:

            async def send_traced(message: Message) -> None:
                nonlocal begun
                if message["type"] == "http.response.start":
                    begun = True
                    _note(scope, message["status"])
                    message["headers"] = [*message["headers"], (b"traceparent", current.encode())]
                await send(message)

            declared = headers.get(b"content-length", b"0")
            if declared.isdigit() and int(declared) > self._limit:
                await self._refuse(scope, receive, send_traced)
                return
            try:
                await self._app(scope, self._bounded(receive), send_traced)
            except Exception as error:
                log.error("unexpected error", exc_info=error)
                if begun:
                    raise
                trace.note(error=error)
                await unexpected(scope)(scope, receive, send_traced)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        await render(TooLarge(f"请求正文至多 {self._limit} 字节"), scope)(scope, receive, send)

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


def _note(scope: Scope, status: int) -> None:
    """What is known of a request when it is answered; never its query, which may hold what a person typed."""
    if not trace.told():
        return
    path = getattr(scope.get("route"), "path", None)
    number = str(scope.get("path_params", {}).get("number", ""))
    known = normalise_number(number) if number and number_problem(number) is None else None
    about = {"http.request.method": scope["method"], "http.route": path, "http.response.status_code": status}
    trace.note(name=f"{scope['method']} {path}" if path else None, number=known, **about)
    if status >= 500:
        trace.note(error=str(status))
