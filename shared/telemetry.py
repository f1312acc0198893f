"""Spans told to a collector over OTLP/HTTP; without YOUSU_OTLP_ENDPOINT nothing of it is imported.

The spans are those of shared/trace.py, with the ids that stand in the logs and travel with requests and facts;
OpenTelemetry's SDK batches and sends them. What does not fit into its queue is dropped: nobody waits for a collector.
"""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared import trace

PATH = "/v1/traces"
#: How long one request to the collector may take, and how long the last ones may when the process stops.
TIMEOUT_SECONDS = 5
MISSING = "YOUSU_OTLP_ENDPOINT is set, but the packages for it are not installed: pip install 'yousu[tracing]'\n"


@contextmanager
def telling(process: str, endpoint: str | None) -> Iterator[None]:
    """Spans that end meanwhile go to the collector at `endpoint`; without one nothing happens."""
    if endpoint is None:
        yield
        return
    try:
        listener, close = _collector(process, endpoint)
    except ImportError:
        sys.stderr.write(MISSING)
        sys.exit(2)
    try:
        with trace.told_to(listener):
            yield
    finally:
        close()


def _collector(process: str, endpoint: str) -> tuple[Callable[[trace.Span], None], Callable[[], None]]:
    """Who listens, and how it is closed."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    address = endpoint.rstrip("/").removesuffix(PATH) + PATH
    processor = BatchSpanProcessor(OTLPSpanExporter(address, timeout=TIMEOUT_SECONDS))
    of_process = {"service.name": process, "service.namespace": "yousu"}
    instance = {"service.instance.id": f"{socket.gethostname()}:{os.getpid()}"}
    resource, scope = Resource.create({**of_process, **instance}), InstrumentationScope("yousu")
    sampled = TraceFlags(TraceFlags.SAMPLED)
    kinds = {kind.name.lower(): kind for kind in SpanKind}

    def context(trace_id: str, span_id: str) -> SpanContext:
        return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=sampled)

    def tell(span: trace.Span) -> None:
        failed = {"error.type": span.error} if span.error else {}
        told = ReadableSpan(
            span.name,
            context=context(span.trace_id, span.span_id),
            parent=context(span.trace_id, span.parent_id) if span.parent_id else None,
            resource=resource,
            attributes={**span.attributes, **failed},
            kind=kinds[span.kind],
            instrumentation_scope=scope,
            status=Status(StatusCode.ERROR if span.error else StatusCode.UNSET),
            start_time=span.start_ns,
            end_time=span.end_ns,
        )
        processor.on_end(told)

    return tell, processor.shutdown
