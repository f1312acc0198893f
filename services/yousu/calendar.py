"""`yousu calendar …`: bring a year's arrangement in, and look at one."""

import os
import shutil
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

from shared.calendar import SHIPPED, Calendar, Year, Years, load_year
from shared.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Bring a year's working days in, and look at one.")
out = Console()
#: Days off that no arrangement leaves out (全国年节及纪念日放假办法).
_ALWAYS_OFF = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))


def _served() -> Calendar:
    return Years((SHIPPED, Settings().calendar_folder)).calendar()


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a year's table, as in docs/architecture")],
) -> None:
    """Check a year's table and put it where running processes notice it; open deadlines are computed again."""
    year = _checked(file)
    before = _served().years.get(year.year)
    folder = Settings().calendar_folder
    folder.mkdir(parents=True, exist_ok=True)
    target, fresh = folder / f"{year.year}.yaml", folder / f".{year.year}.yaml.new"
    shutil.copyfile(file, fresh)
    os.replace(fresh, target)
    out.print(f"{year.year}: {_status(year)}, {year.source}", highlight=False)
    out.print(f"{target}", highlight=False, soft_wrap=True)
    changed = [day for day in _days(year.year) if before is None or _works(before, day) != _works(year, day)]
    out.print(f"{len(changed)} days are other than before: {_spans(changed) or 'none'}", highlight=False)


def _checked(file: Path) -> Year:
    """The table; a message with its faults and an end of the command when it has any."""
    try:
        named = str(yaml.safe_load(file.read_text(encoding="utf-8"))["year"])
        year = load_year(file, f"{named}.yaml")
    except (ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        out.print(
            f"{file.name}：{error!s}" if isinstance(error, ValueError) else f"{file.name}：不是年度日历表", style="red"
        )
        raise typer.Exit(1) from error
    missing = [date(year.year, *day) for day in _ALWAYS_OFF if date(year.year, *day) not in year.off]
    if missing:
        out.print(f"{file.name}：缺少法定节假日 {_spans(missing)}", style="red", highlight=False)
        raise typer.Exit(1)
    return year


@app.command()
def show(year: Annotated[int, typer.Argument(help="the year")]) -> None:
    """The year as it serves now: its source, its status, days off and make-up days."""
    found = _served().years.get(year)
    if found is None:
        raise typer.BadParameter(f"there is no table for {year}", param_hint="year")
    out.print(f"{year} {_status(found)}　{found.source}", highlight=False, soft_wrap=True)
    table = Table("节日", "放假", "调休上班")
    names = dict.fromkeys(found.names[day] for day in sorted(found.names))
    for name in names:
        off = [day for day in sorted(found.off) if found.names[day] == name]
        work = [day for day in sorted(found.make_up) if found.names[day] == name]
        table.add_row(name, _spans(off), _spans(work))
    out.print(table)


def _status(year: Year) -> str:
    return "published" if year.published else "provisional"


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def _works(year: Year, day: date) -> bool:
    return Calendar({year.year: year}).is_working_day(day)


def _spans(days: list[date]) -> str:
    """Days as spans: 02-15–02-23、10-01."""
    runs = groupby(enumerate(sorted(days)), key=lambda one: one[1].toordinal() - one[0])
    found = [[day for _, day in run] for _, run in runs]
    return "、".join(f"{run[0]:%m-%d}" + (f"–{run[-1]:%m-%d}" if len(run) > 1 else "") for run in found)
