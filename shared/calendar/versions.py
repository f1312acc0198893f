"""The years that serve: those shipped and an office's own, noticed while running; a bad file is refused."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from shared.calendar.load import YEARS, load_year
from shared.calendar.model import Calendar, Year

#: How often the folders are looked at, in seconds.
LOOK_AGAIN = 2.0
log = structlog.get_logger()


@dataclass
class Years:
    """The tables in these folders, `YYYY.yaml` each; a later folder's year stands for an earlier one's."""

    folders: tuple[Path, ...] = (YEARS,)
    refused: dict[str, str] = field(default_factory=dict)
    _calendar: Calendar = field(default_factory=lambda: Calendar({}))
    _seen: dict[Path, int] = field(default_factory=dict)
    _read: dict[Path, Year] = field(default_factory=dict)
    _looked: float = -LOOK_AGAIN

    def calendar(self) -> Calendar:
        """The years as they stand in the folders now."""
        if time.monotonic() - self._looked >= LOOK_AGAIN:
            self.look()
        return self._calendar

    def look(self) -> None:
        """Read what was written since; what is refused leaves the year as it served before."""
        self._looked = time.monotonic()
        found = {path: changed for folder in self.folders for path, changed in _tables(folder)}
        if found == self._seen:
            return
        for path, changed in found.items():
            if self._seen.get(path) != changed:
                self._take(path)
        kept = [self._read[path] for path in found if path in self._read]
        self._read = {path: year for path, year in self._read.items() if path in found}
        self._seen, self._calendar = found, Calendar({year.year: year for year in kept})

    def _take(self, path: Path) -> None:
        try:
            self._read[path] = load_year(path)
        except ValueError as error:
            self.refused[path.name] = str(error)
            log.error("calendar refused, what served before goes on", file=path.name, why=str(error))
            return
        self.refused.pop(path.name, None)


def _tables(folder: Path) -> Iterator[tuple[Path, int]]:
    """The tables in this folder, each with a number that is another one when it was written."""
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            yield path, path.stat().st_mtime_ns


_years = Years()


def years() -> Years:
    """What this process serves with."""
    return _years


def serve_with(found: Years) -> None:
    """Said once, by the composition root."""
    global _years
    _years = found


def current() -> Calendar:
    """The calendar in force."""
    return _years.calendar()
