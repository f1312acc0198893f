"""`yousu recount`: the numbers held against the cases."""

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from services.tracker.numbers.recount import Difference, recount
from services.tracker.settings import TrackerSettings
from shared.db import Database
from shared.settings import Settings


async def run_recount(settings: Settings, repair: bool, out: Console) -> int:
    """Count all cases again and print each difference; the exit code is 1 when there is one that is not repaired."""
    database = Database(TrackerSettings().database_url or settings.sqlite_url("tracker"))
    try:
        found = await _counted(database, repair, out)
    finally:
        await database.close()
    repaired = "，已按办件更正" if found and repair else ""
    out.print(f"差异 {found} 处{repaired}", highlight=False)
    return 1 if found and not repair else 0


async def _counted(database: Database, repair: bool, out: Console) -> int:
    def tell(one: Difference) -> None:
        bar.console.print(
            f"{one.place} {one.measure}: 现存 {one.kept}，按办件应为 {one.counted}", highlight=False, markup=False
        )

    columns = (SpinnerColumn(), TextColumn("已清点 {task.completed} 件"))
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("", total=None)
        return await recount(database, repair=repair, tell=tell, counted=lambda cases: bar.advance(task, cases))
