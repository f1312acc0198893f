"""The versions of the reference data: by date of effect, noticed while running, refused when one contradicts itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from shared.reference.findings import MappingError
from shared.reference.load import HERE, load_mapping
from shared.reference.model import Mapping

log = structlog.get_logger()


@dataclass
class Rules:
    """The versions in these folders, one sub-folder each; a bad one is refused while the others serve."""

    folders: tuple[Path, ...] = (HERE,)
    today: Callable[[], date] | None = None
    look_again_seconds: float = 2.0
    versions: dict[str, Mapping] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _seen: dict[Path, int] = field(default_factory=dict)
    _looked: float = float("-inf")

    def in_force(self) -> Mapping:
        """The version with the latest date of effect that has come."""
        self._look()
        day = self.today() if self.today else None
        found = [m for m in self.versions.values() if day is None or m.effective_from <= day]
        if not found:
            raise LookupError("no version of the reference data is in force")
        return max(found, key=lambda mapping: (mapping.effective_from, mapping.version))

    def told(self) -> dict[str, Any]:
        """Versions with their dates, and the refused with their reasons."""
        self._look()
        known = sorted(self.versions.values(), key=lambda mapping: mapping.effective_from)
        shown = [{"version": m.version, "effective_from": m.effective_from} for m in known]
        return {"versions": shown, "refused": [{"folder": name, "why": why} for name, why in self.refused.items()]}

    def _look(self) -> None:
        if time.monotonic() - self._looked < self.look_again_seconds:
            return
        self._looked = time.monotonic()
        self._forget()
        for folder in self.folders:
            for one in sorted(folder.iterdir()) if folder.is_dir() else ():
                if (one / "matters.yaml").is_file() and self._seen.get(one) != (changed := _changed(one)):
                    self._seen[one] = changed
                    self._take(one)

    def _forget(self) -> None:
        """What was taken away is refused no more, and is read anew when it comes back."""
        gone = [one for one in self._seen if one.name in self.refused and not (one / "matters.yaml").is_file()]
        for one in gone:
            del self._seen[one]
            self.refused.pop(one.name, None)

    def _take(self, folder: Path) -> None:
        try:
            found = load_mapping(folder)
        except MappingError as error:
            self.refused[folder.name] = str(error)
            log.error("rules refused, what served before goes on", folder=folder.name, why=str(error))
            return
        self.refused.pop(folder.name, None)
        self.versions[found.version] = found
        log.info("rules loaded", version=found.version, effective_from=str(found.effective_from))


def _changed(folder: Path) -> int:
    """Another number when a file of the folder was written."""
    return max(path.stat().st_mtime_ns for path in folder.iterdir() if path.is_file())


_rules = Rules()


def rules() -> Rules:
    """What this process serves with."""
    return _rules


def serve_with(found: Rules) -> None:
    """Said once, by the composition root."""
    global _rules
    _rules = found


def current() -> Mapping:
    """The version in force."""
    return _rules.in_force()
