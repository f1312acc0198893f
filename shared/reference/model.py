"""What the reference data is made of."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

#: 省发展改革委: answers when nobody else can, by 省条例 art. 5.
FALLBACK = "hn-fgw"
#: 省政府办公厅: answers when the fallback itself is complained about.
LAST_RESORT = "hn-zfb"
#: 省优化营商环境领导小组: stands above both, should both be complained about at once.
ABOVE_ALL = "hn-yhyshj"
PROVINCE = "410000"

Form = Literal["lead", "joint", "lead_with_participants", "nobody", "by_field"]


@dataclass(frozen=True, slots=True)
class Successor:
    """Who took over an agency's work; `since` is None while the day is not settled."""

    code: str
    name: str
    since: date | None


@dataclass(frozen=True, slots=True)
class Agency:
    """A body that can be responsible; `name` as in the report, `level` province or city."""

    code: str
    name: str
    level: str
    region: str
    aliases: tuple[str, ...] = ()
    successors: tuple[Successor, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All it goes by, the names of its successors included."""
        return (self.name, *self.aliases, *(successor.name for successor in self.successors))


@dataclass(frozen=True, slots=True)
class Matter:
    """One statement of 附件 1; `leads` in the order named, `fields` words of the text by field (form by_field)."""

    ref: str
    item: int
    column: Literal["problem", "opinion"]
    sequence: int
    section: int
    title: str
    form: Form
    leads: tuple[str, ...]
    participants: tuple[str, ...]
    local: bool
    arrears: bool = False
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Region:
    """A division of Henan; a zone is a development zone that files and is counted on its own."""

    code: str
    name: str
    level: Literal["province", "city", "county", "zone"]
    parent: str | None


@dataclass(frozen=True)
class Mapping:
    """One version of the reference data, consistent in itself."""

    version: str
    effective_from: date
    matters: dict[str, Matter]
    agencies: dict[str, Agency]
    regions: dict[str, Region]

    def matter(self, ref: str) -> Matter:
        """The matter of this ref; KeyError without one."""
        return self.matters[ref]

    def agency(self, code: str) -> Agency:
        """The agency of this code; KeyError without one."""
        return self.agencies[code]

    def find_agency(self, text: str) -> Agency | None:
        """The agency that goes by this code, name or alias, its successors' too, with or without 河南省 in front."""
        return self._codes.get(text.strip().lower()) or self._names.get(plain_name(text))

    def codes_of(self, code: str | None, name: str | None) -> frozenset[str]:
        """Every code of the bodies given by a code and by a name, those of their successors included."""
        found = [agency for one in (code, name) if one and (agency := self.find_agency(one))]
        taken_over = [successor.code for agency in found for successor in agency.successors]
        return frozenset((*(agency.code for agency in found), *taken_over, *([code] if code else [])))

    @cached_property
    def _codes(self) -> dict[str, Agency]:
        taken_over = {s.code: agency for agency in self.agencies.values() for s in agency.successors}
        return taken_over | self.agencies

    @cached_property
    def _names(self) -> dict[str, Agency]:
        return {plain_name(name): agency for agency in self.agencies.values() for name in agency.names}

    def city_of(self, region: str) -> Region | None:
        """The city of this division; None for the province; KeyError when there is no such division."""
        found = self.regions[region]
        while found.parent and found.level != "city":
            found = self.regions[found.parent]
        return found if found.level == "city" else None

    def office_of(self, region: str | None) -> Agency:
        """The city's business-environment office; 省发展改革委 without a city of this version."""
        city = self.city_of(region) if region in self.regions and region else None
        return self.agencies[office_code(city.code) if city else FALLBACK]


def office_code(city: str) -> str:
    """The agency code of a city's business-environment office."""
    return f"{city}-yshj"


def plain_name(name: str) -> str:
    """A name without spaces and without its province, so that 河南省财政厅 and 省财政厅 are one."""
    text = "".join(unicodedata.normalize("NFKC", name).split())
    for prefix in ("河南省", "河南", "省"):
        if text.startswith(prefix) and len(text) > len(prefix) + 1:
            return text.removeprefix(prefix)
    return text
