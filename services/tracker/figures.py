"""The tracker's own part of /metrics: the same totals as the indicators, by agency, by region and by matter."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.tracker.handlers import Tracker
from services.tracker.numbers.definitions import FEN
from services.tracker.numbers.measures import MEASURES, Measure
from services.tracker.numbers.store import Standing, oldest_delta, running
from services.tracker.numbers.totals import DIMENSIONS
from services.tracker.store import calendars, supervision
from services.tracker.webhooks import figures as webhooks
from shared import reference
from shared.clock import in_shanghai
from shared.runtime import Service


async def collect(service: Service[Tracker], registry: CollectorRegistry) -> None:
    """The numbers as they stand now, and what waits: deltas, provisional deadlines, cases that nobody took up."""
    now, calendar = service.clock.now(), service.parts.calendar()
    async with service.database.reading() as session:
        found = await running(session, in_shanghai(now).date())
        since = await oldest_delta(session)
        unsure = await calendars.provisional(session, calendar)
        unaccepted = await supervision.unaccepted_since(session)
    await webhooks.collect(service, registry)
    ages = {agency: calendar.working_time(moment, now) for agency, moment in unaccepted.items()}
    registry.register(Figures(found, _waited(since, now), unsure, ages))


def _waited(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


class Figures(Collector):
    """One scrape's numbers; a rate is two metrics, numerator and denominator, and never their quotient."""

    def __init__(
        self, found: list[Standing], waited_seconds: float, provisional: int, unaccepted: Mapping[str, timedelta]
    ) -> None:
        self._found, self._unaccepted = found, unaccepted
        self._waited, self._provisional = waited_seconds, provisional

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "yousu_numbers_oldest_delta_seconds", "How long the oldest delta waits to be folded.", self._waited
        )
        yield GaugeMetricFamily(
            "yousu_deadlines_provisional", "Open deadlines that rest on a year not published yet.", self._provisional
        )
        oldest = GaugeMetricFamily(
            "yousu_unaccepted_oldest_seconds",
            "How long the agency's longest unaccepted case waits; rest days do not count.",
            labels=["agency"],
        )
        for agency, waited in self._unaccepted.items():
            oldest.add_metric([agency], waited.total_seconds())
        yield oldest
        for dimension in DIMENSIONS:
            yield named(dimension, reference.current())
            mine = [standing for standing in self._found if standing.dimension == dimension]
            yield from told(dimension, mine)


def told(dimension: str, found: Iterable[Standing]) -> Iterator[GaugeMetricFamily]:
    """The measures by this dimension, one metric a family."""
    families: dict[str, GaugeMetricFamily] = {}
    for measure in MEASURES.values():
        if measure.family not in families:
            name = f"yousu_{dimension}_{measure.family}"
            families[measure.family] = GaugeMetricFamily(name, measure.meaning, labels=[dimension, *measure.labels])
    for standing in found:
        measure = MEASURES[standing.measure]
        families[measure.family].add_metric([standing.code, *measure.labels.values()], _value(standing, measure))
    yield from families.values()


def _value(standing: Standing, measure: Measure) -> float:
    return standing.value / FEN if measure.unit == "fen" else standing.value


def named(dimension: str, mapping: reference.Mapping) -> GaugeMetricFamily:
    """What the codes of this dimension stand for."""
    names = {
        "agency": {agency.code: agency.name for agency in mapping.agencies.values()},
        "region": {region.code: region.name for region in mapping.regions.values() if region.level == "city"},
        "matter": {matter.ref: matter.title for matter in mapping.matters.values()},
    }[dimension]
    family = GaugeMetricFamily(f"yousu_{dimension}_info", f"The name of each {dimension}.", labels=[dimension, "name"])
    for code, name in names.items():
        family.add_metric([code, name], 1)
    return family
