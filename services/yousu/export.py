"""`yousu export`: the cases or a month's bulletin as a file, straight from the tracker's database, however many."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from services.tracker.domain.states import STATE_NAMES

app = typer.Typer(no_args_is_help=True, help="Write the cases, or the bulletin of a month, into a file.")
Kind = Literal["csv", "xlsx"]
Form = Annotated[Kind | None, typer.Option("--format", help="what the file's name says when left out")]
File = Annotated[Path, typer.Option("--out", dir_okay=False, help="the file; replaced once the new one is whole")]
Agency = Annotated[str | None, typer.Option(help="one agency's own, by its code")]


@app.command()
def cases(
    file: File,
    form: Form = None,
    agency: Agency = None,
    state: Annotated[str | None, typer.Option(help=f"one of {', '.join(STATE_NAMES)}")] = None,
    start: Annotated[str | None, typer.Option("--from", help="filed on this day or later, such as 2026-03-01")] = None,
    end: Annotated[str | None, typer.Option("--to", help="filed on this day or earlier")] = None,
) -> None:
    """All cases, or those that the options leave, by number."""
    from services.tracker.store.cases import Filters
    from services.tracker.store.counted import Behind
    from services.yousu.exporting import export_cases

    if state is not None and state not in STATE_NAMES:
        raise typer.BadParameter(f"one of {', '.join(STATE_NAMES)}", param_hint="--state")
    behind = Behind(None, _day("--from", start), _day("--to", end), _known(agency))
    asyncio.run(export_cases(behind, Filters(state=state), file, _kind(file, form)))


@app.command()
def bulletin(
    file: File,
    month: Annotated[str, typer.Option(help="such as 2026-03")],
    form: Form = None,
    agency: Agency = None,
) -> None:
    """The figures of a month by agency, by city and by matter."""
    from services.tracker.exports.bulletin import Month
    from services.yousu.exporting import export_bulletin
    from shared.clock import SystemClock, in_shanghai
    from shared.errors import Invalid

    try:
        asked = Month.read(month).until(in_shanghai(SystemClock().now()).date())
    except Invalid as error:
        raise typer.BadParameter("a month, such as 2026-03", param_hint="--month") from error
    asyncio.run(export_bulletin(asked, _known(agency), file, _kind(file, form)))


def _kind(file: Path, form: Kind | None) -> Kind:
    return form or ("xlsx" if file.suffix.lower() == ".xlsx" else "csv")


def _day(option: str, word: str | None) -> date | None:
    try:
        return None if word is None else date.fromisoformat(word)
    except ValueError as error:
        raise typer.BadParameter("a day, such as 2026-03-01", param_hint=option) from error


def _known(agency: str | None) -> str | None:
    from shared.reference import current

    if agency is not None and agency not in current().agencies:
        raise typer.BadParameter(f"no such agency: {agency}; the codes are at /api/v1/agencies", param_hint="--agency")
    return agency
