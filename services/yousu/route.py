"""`yousu route …`: measure, train and compare what decides on complaints."""

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table

from services.router.domain import Assigned, Decision, Question, Read, decide
from services.router.reading import Reader, open_reader
from services.router.reading.corpus import Labelled, corpus, read_labelled, split
from services.router.reading.evaluate import Evaluation, Judged, evaluate
from services.router.reading.model import ModelError, fetch, model_folder, present
from services.router.settings import RouterSettings
from shared.clock import SystemClock, in_shanghai
from shared.errors import Invalid
from shared.reference import SHIPPED, Mapping, MappingError, Rules, load_mapping
from shared.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Measure, train and compare what decides on complaints.")
out = Console()


class Which(Enum):
    """Which of the readers is measured."""

    both = "both"
    first = "ngrams"
    second = "embedding"


Texts = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, help="JSON lines {text, title, region, accept}")
]


def _mapping() -> Mapping:
    return Rules((SHIPPED, Settings().rules_folder), lambda: in_shanghai(SystemClock().now()).date()).in_force()


def _reader(mapping: Mapping) -> Reader:
    return open_reader(RouterSettings(), Settings().data_dir, mapping)


def _texts(path: Path, mapping: Mapping) -> list[Labelled]:
    try:
        return read_labelled(path, mapping.matters)
    except Invalid as error:
        out.print("\n".join(str(error).split("；")[:20]), highlight=False, markup=False)
        raise typer.Exit(1) from error


@app.command("evaluate")
def evaluate_texts(
    labelled: Texts, reader: Annotated[Which, typer.Option(help="both together, or one alone")] = Which.both
) -> None:
    """Measure the classifier on labelled texts: shares with intervals, risk by coverage, confusion, worst errors."""
    mapping = _mapping()
    texts, readers = [one for path in labelled for one in _texts(path, mapping)], _reader(mapping)
    ways: dict[Which, Callable[[str, str], Read]] = {
        Which.both: readers,
        Which.first: readers.first_alone,
        Which.second: readers.second_alone,
    }
    read = ways[reader]
    if reader is Which.second and not readers.both:
        out.print("no embedding model (yousu route fetch-model): the second reader cannot be measured")
        raise typer.Exit(1)
    with Progress(SpinnerColumn(), TextColumn("reading {task.completed}/{task.total}"), console=out) as bar:
        task = bar.add_task("", total=len(texts))
        found = Evaluation(tuple(j for one in texts for j in _one(one, read, mapping, bar, task)))
    out.print(f"{reader.value}: reader {readers.name}, rules {mapping.version}, {len(texts)} texts")
    _shares(found)
    _curve(found)
    _confusion(found, mapping)
    _worst(found)


def _one(
    one: Labelled, read: Callable[[str, str], Read], mapping: Mapping, bar: Progress, task: TaskID
) -> Iterator[Judged]:
    yield from evaluate([one], read, mapping).judged
    bar.advance(task)


def _shares(found: Evaluation) -> None:
    table = Table("of", "share, 95 % interval, count", title="按文字派单")
    table.add_row("in scope: lead agency right", str(found.lead_right))
    table.add_row("in scope: assigned without a person", str(found.assigned))
    table.add_row("of these: lead agency right", str(found.assigned_right))
    table.add_row("out of scope: assigned", str(found.stray))
    out.print(table)


def _curve(found: Evaluation) -> None:
    table = Table("coverage", "chance from", "risk", title="risk by coverage, in scope")
    for coverage, chance, risk in found.risk_by_coverage():
        table.add_row(f"{coverage:.0%}", f"{chance:.2f}", f"{risk:.1%}")
    out.print(table)


def _confusion(found: Evaluation, mapping: Mapping) -> None:
    def name(code: str) -> str:
        return mapping.agencies[code].name if code in mapping.agencies else code

    table = Table("right", "guessed", "texts", title="confusion by agency")
    for right, guess, count in found.confusion()[:15]:
        table.add_row(name(right), name(guess), str(count))
    out.print(table)


def _worst(found: Evaluation) -> None:
    out.print("worst errors: chance, guessed, right, text")
    for one in found.worst():
        right = "/".join(one.labelled.accept) or "out of scope"
        text = f"{one.labelled.title} {one.labelled.text}"[:60]
        out.print(f"{one.chance:.2f} {one.guess} {right} {text}", highlight=False, markup=False)


@app.command()
def train(
    labelled: Annotated[list[Path] | None, typer.Option(help="further labelled texts, JSON lines")] = None,
    decisions: Annotated[bool, typer.Option(help="learn from this installation's dispatchers too")] = False,
    target: Annotated[Path | None, typer.Option(help="folder; default reader/ in the data folder")] = None,
) -> None:
    """Train the readers from the shipped corpus, and what else is given; the same texts give the same reader.

    A fifth of what is given besides only calibrates.
    """
    from services.router.reading.decisions import dispatched
    from services.router.reading.train import train as train_reader

    mapping, settings = _mapping(), RouterSettings()
    own = [one for path in labelled or () for one in _texts(path, mapping)]
    if decisions:
        own += dispatched(settings.database_url or Settings().sqlite_url("router"), mapping)
    learned, unseen = split(own)
    folder = model_folder(settings.model_dir)
    model = folder if present(folder) else None
    if model is None:
        out.print("no embedding model (yousu route fetch-model): only the first reader is trained")
    texts, calibrating = [*corpus("train"), *learned], [*corpus("calibration"), *unseen]
    reader = train_reader(texts, calibrating, mapping, model, _said)
    goal = target or settings.reader_dir or Settings().data_dir / "reader"
    reader.save(goal)
    out.print(f"{goal}: reader {reader.version}, {reader.calibration}")


def _said(text: str) -> None:
    out.print(text, highlight=False)


@app.command("fetch-model")
def fetch_model(
    if_possible: Annotated[bool, typer.Option(help="say so and succeed where it cannot be fetched")] = False,
) -> None:
    """Bring the embedding model through Maven and check its hash."""
    folder = model_folder(RouterSettings().model_dir)
    try:
        fetch(folder)
    except ModelError as error:
        out.print(f"embedding model not set up: {error}; the first reader serves alone")
        raise typer.Exit(0 if if_possible else 1) from error


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(help="folder of the version that serves")],
    new: Annotated[Path, typer.Argument(help="folder of the version to come")],
    complaints: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="JSON lines as they are filed")],
) -> None:
    """What a new version of the mapping would decide otherwise, before it is switched on."""
    before, after = _load(old), _load(new)
    questions = list(_questions(complaints))
    read = _reader(before)
    changed = 0
    table = Table("line", "title", before.version, after.version)
    for line, question in questions:
        said = read(question.title, question.text)
        was, would = _told(decide(question, before, said)), _told(decide(question, after, said))
        if was != would:
            changed += 1
            table.add_row(str(line), question.title[:24], was, would)
    out.print(table if changed else "no decision changes")
    out.print(f"{changed} of {len(questions)} decisions change")


def _load(folder: Path) -> Mapping:
    try:
        return load_mapping(folder if folder.exists() else SHIPPED / folder.name)
    except MappingError as error:
        out.print(str(error), highlight=False, markup=False)
        raise typer.Exit(1) from error


def _told(decision: Decision) -> str:
    if isinstance(decision, Assigned):
        return " ".join((decision.lead, *decision.co_agencies))
    return "人工研判"


def _questions(path: Path) -> Iterator[tuple[int, Question]]:
    """Complaints as they are filed, or labelled texts."""
    import json

    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                body = json.loads(line)
                against = body.get("respondent") or {}
                text = body.get("description") or body.get("text") or ""
                yield (
                    number,
                    Question(
                        body.get("title", ""),
                        text,
                        region=body.get("region"),
                        matter=body.get("matter"),
                        respondent=against.get("name"),
                        respondent_agency=against.get("agency"),
                        foreign_invested=bool(body.get("foreign_invested")),
                    ),
                )
