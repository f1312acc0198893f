"""Door 1: the cases and the bulletin as files, for who may see them; an agency gets its own."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator, StringConstraints

from services.tracker.api.callers import Here, Official
from services.tracker.domain import State
from services.tracker.domain.search import plain
from services.tracker.domain.supervision import Card
from services.tracker.exports import writing
from services.tracker.exports.bulletin import Month
from services.tracker.handlers import Tracker
from services.tracker.numbers.api import question_of
from services.tracker.policy import CaseClass
from services.tracker.store import counted
from services.tracker.store.cases import Filters
from services.tracker.store.counted import LABELS, Behind
from shared.auth import Principal
from shared.clock import in_shanghai
from shared.errors import FieldError, Forbidden, Invalid, TooLarge
from shared.runtime import Service

routes = APIRouter(prefix="/api/v1/exports", tags=["exports"])
#: Cases in a book that is made while its reader waits; a gateway gives up after a minute.
BOOK_CASES = 100_000
CHUNK_BYTES = 256 * 1024
#: Asks for what names no agency, no city or no matter.
NONE = "none"


#: A field that a form left empty is not asked for.
BLANK = BeforeValidator(lambda value: None if value == "" else value)
Word = Annotated[Annotated[str, StringConstraints(max_length=100)] | None, BLANK]


class Csv(StreamingResponse):
    media_type = "text/csv; charset=utf-8"


class Xlsx(StreamingResponse):
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Wanted:
    """Which cases a list or a file is asked for, as its query says."""

    start: Annotated[Word, Query(alias="from")] = None
    end: Annotated[Word, Query(alias="to")] = None
    agency: Word = None
    region: Word = None
    matter: Word = None
    of: Word = None
    state: Annotated[State | None, BLANK] = None
    card: Annotated[Card | None, BLANK] = None
    case_class: Annotated[CaseClass | None, BLANK, Query(alias="class")] = None
    late: Annotated[bool | None, BLANK] = None
    q: Word = None


Asked = Annotated[Wanted, Depends()]


def narrowed(wanted: Wanted, caller: Principal, here: Service[Tracker]) -> tuple[Behind, Filters]:
    """The cases that this caller asks for; Invalid with all that means nothing, an agency asks for its own alone."""
    if wanted.of is not None and wanted.of not in LABELS:
        raise Invalid([FieldError("of", "没有这个指标项，全部名称见 /api/v1/indicators 的 counts 和 now")])
    if wanted.q is not None and len(plain(wanted.q)) < 2:
        raise Invalid([FieldError("q", "至少两个字")])
    places = (wanted.agency, wanted.region, wanted.matter)
    if wanted.agency == NONE and caller.role == "agency":
        raise Forbidden("只能查看本单位的办件", kind="not-own-agency")
    agency, region, matter = (None if place == NONE else place for place in places)
    end = wanted.end or (_today(here) if wanted.of else None)
    asked = question_of(caller, wanted.start, end, agency, region, matter, None)
    agency, region, matter = (
        "" if place == NONE else found
        for place, found in zip(places, (asked.agency, asked.region, asked.matter), strict=True)
    )
    filters = Filters(
        state=wanted.state,
        card=wanted.card,
        case_class=wanted.case_class,
        late=wanted.late,
        late_at=here.clock.now(),
        q=plain(wanted.q) if wanted.q else None,
    )
    return Behind(wanted.of, asked.start, asked.end, agency, region, matter), filters


@routes.get("/cases.csv", response_class=Csv)
async def cases_csv(here: Here, caller: Official, wanted: Asked) -> Csv:
    """Cases as CSV, by number; with `of`, those behind this number of the indicators."""
    return cases_as_csv(here, caller, wanted)


@routes.get("/cases.xlsx", response_class=Xlsx, responses={TooLarge.status: {"description": TooLarge.title}})
async def cases_xlsx(here: Here, caller: Official, wanted: Asked) -> Xlsx:
    """Cases as an Excel book, by number; with `of`, those behind this number of the indicators."""
    return await cases_as_xlsx(here, caller, wanted)


@routes.get("/bulletin.csv", response_class=Csv)
async def bulletin_csv(here: Here, caller: Official, month: str, agency: Word = None) -> Csv:
    """The bulletin of a month by agency, by region and by matter, as CSV."""
    return bulletin_as_csv(here, caller, month, agency)


@routes.get("/bulletin.xlsx", response_class=Xlsx)
async def bulletin_xlsx(here: Here, caller: Official, month: str, agency: Word = None) -> Xlsx:
    """The bulletin of a month by agency, by region and by matter, as an Excel book."""
    return await bulletin_as_xlsx(here, caller, month, agency)


def cases_as_csv(here: Service[Tracker], caller: Principal, wanted: Wanted) -> Csv:
    behind, filters = narrowed(wanted, caller, here)
    lines = writing.cases_as_csv(here.database, behind, filters)
    return Csv(lines, headers=attachment(f"办件 {_today(here)}.csv"))


async def cases_as_xlsx(here: Service[Tracker], caller: Principal, wanted: Wanted) -> Xlsx:
    behind, filters = narrowed(wanted, caller, here)
    async with here.database.reading() as session:
        count = await counted.count(session, behind, filters, BOOK_CASES)
    if count > BOOK_CASES:
        raise TooLarge(
            f"办件超过 {BOOK_CASES:,} 件，不能在线生成 Excel；请缩小范围、改用 CSV，或在服务器上运行 yousu export",
            kind="too-many-rows",
        )
    file = _temporary()
    await writing.cases_as_xlsx(here.database, behind, filters, file)
    return _book(file, f"办件 {_today(here)}.xlsx")


def bulletin_as_csv(here: Service[Tracker], caller: Principal, month: str, agency: str | None) -> Csv:
    asked, own = _month_of(here, caller, month, agency)
    lines = writing.bulletin_as_csv(here.database, asked, own)
    return Csv(lines, headers=attachment(f"{asked.named}.csv"))


async def bulletin_as_xlsx(here: Service[Tracker], caller: Principal, month: str, agency: str | None) -> Xlsx:
    asked, own = _month_of(here, caller, month, agency)
    file = _temporary()
    await writing.bulletin_as_xlsx(here.database, asked, own, file)
    return _book(file, f"{asked.named}.xlsx")


def _month_of(here: Service[Tracker], caller: Principal, month: str, agency: str | None) -> tuple[Month, str | None]:
    found = Month.read(month).until(in_shanghai(here.clock.now()).date())
    return found, question_of(caller, None, None, agency, None, None, None).agency


def _today(here: Service[Tracker]) -> str:
    return f"{in_shanghai(here.clock.now()):%Y-%m-%d}"


def attachment(name: str) -> dict[str, str]:
    """A file to keep, named in Chinese; `yousu.…` for who cannot read that."""
    plain_name = f"yousu.{name.rpartition('.')[2]}"
    disposition = f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name)}"
    return {"Content-Disposition": disposition, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _temporary() -> IO[bytes]:
    """A file that is gone when it is closed, also by a crash."""
    return tempfile.TemporaryFile(prefix="yousu-")


def _book(file: IO[bytes], name: str) -> Xlsx:
    size = file.seek(0, 2)
    file.seek(0)
    return Xlsx(_read(file), headers={**attachment(name), "Content-Length": str(size)})


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
