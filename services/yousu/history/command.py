"""The command itself."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shared.settings import Settings

out = Console()


def bring_in(
    cases: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="a .csv or .jsonl file")] = None,
    template: Annotated[bool, typer.Option("--template", help="print the columns with two examples")] = False,
    source: Annotated[str, typer.Option(help="whose records, where two offices use the same numbers")] = "",
    skip_bad: Annotated[bool, typer.Option(help="bring in what is right and report the rest")] = False,
    token: Annotated[str, typer.Option(envvar="YOUSU_TOKEN", help="an admin's token; else the embedded issuer's")] = "",
    origin: Annotated[str, typer.Option(help="the one origin of the system", envvar="YOUSU_ORIGIN")] = "",
) -> None:
    """Bring in an office's past and open cases; every line is checked first, running it again changes nothing more."""
    from services.yousu.history.bringing import Unanswered
    from services.yousu.history.reading import Unreadable, template_text
    from shared.client import Refused

    if template:
        typer.echo(template_text(), nl=False)
        return
    if cases is None:
        raise typer.BadParameter("name a file, or --template", param_hint="cases")
    try:
        raise typer.Exit(asyncio.run(_bring_in(cases, source, skip_bad, token, origin)))
    except (Unanswered, Unreadable, Refused) as stopped:
        out.print(str(stopped), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from stopped


async def _bring_in(cases: Path, source: str, skip_bad: bool, token: str, origin: str) -> int:
    from services.yousu.history.bringing import bring_in
    from shared.client import Client
    from shared.composition import issuer

    settings = Settings()
    where = origin or f"http://127.0.0.1:{settings.port}"
    async with Client(where, token or issuer(settings).token("admin")) as client:
        return (await bring_in(cases, client, out, source=source, skip_bad=skip_bad)).code
