"""Writes the recording rules and the dashboards."""

from services.yousu.watching.files import as_they_should_be

for path, content in as_they_should_be().items():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
