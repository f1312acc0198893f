"""The reader of this process: trained artefacts, the embedding model where it is set up, a language model if wanted."""

from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import structlog

from services.router.domain import Read
from services.router.reading.joint import Reader
from services.router.reading.leads import leads
from services.router.reading.llm import LanguageModel
from services.router.reading.model import model_folder, present
from services.router.settings import RouterSettings
from shared.reference import Mapping as Rules

SHIPPED = Path(__file__).parent / "trained"
log = structlog.get_logger()


def open_reader(settings: RouterSettings, data_dir: Path, mapping: Rules) -> Reader:
    """The reader this installation trained, else the shipped one; without the model its first part serves alone."""
    own = settings.reader_dir or data_dir / "reader"
    folder = own if (own / "reader.json").is_file() else SHIPPED
    model = model_folder(settings.model_dir)
    found = Reader.load(folder, model if present(model) else None, leads(mapping))
    if not found.both:
        log.warning("no embedding model, the first reader serves alone", set_up_with="yousu route fetch-model")
    log.info("reader", name=found.name)
    return found


def with_language_model(
    reader: Callable[[str, str], Read], settings: RouterSettings, titles: Callable[[], Mapping[str, str]]
) -> Callable[[str, str], Read]:
    """The reader, and the office's own model behind it where one is set."""
    if settings.llm_url is None:
        return reader
    headers = {"Authorization": f"Bearer {settings.llm_key}"} if settings.llm_key else {}
    url = settings.llm_url.rstrip("/") + "/"
    http = httpx.Client(base_url=url, headers=headers, timeout=settings.llm_timeout_seconds)
    return LanguageModel(reader, titles, http, settings.llm_model)
