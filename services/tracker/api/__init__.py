"""Door 1 of the tracker: the queue, cases and the steps on them, supervision, deadlines, earlier records."""

from services.tracker.api import cases, deadlines, imports, queue, steps, supervision

#: Every route, in the order in which they are tried.
ROUTES = (queue.routes, cases.routes, steps.routes, supervision.routes, deadlines.routes, imports.routes)
