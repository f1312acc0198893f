"""A page as PDF, where the library, its own libraries and a Chinese font are there; else what is missing, in words."""

import shutil
import subprocess
from functools import cache
from threading import Lock
from typing import Any

from shared.errors import Unavailable

KIND = "pdf-unavailable"
#: One at a time: each takes some 170 MB while it is made.
_ONE = Lock()


@cache
def _library() -> Any:
    """The library; ImportError without it, OSError without Pango."""
    import weasyprint

    return weasyprint


def ready() -> None:
    """Unavailable, with what to install, when no PDF can be made here."""
    try:
        _library()
    except ImportError as error:
        raise Unavailable("未安装 PDF 组件：请安装 yousu[pdf]（weasyprint）", kind=KIND) from error
    except OSError as error:
        raise Unavailable("缺少 Pango 库：请安装 libpangoft2-1.0-0", kind=KIND) from error
    if not chinese_font():
        raise Unavailable("缺少中文字体：请安装 fonts-noto-cjk", kind=KIND)


@cache
def _chinese_fonts(program: str) -> bool:
    found = subprocess.run([program, ":lang=zh-cn", "family"], capture_output=True, timeout=30)  # noqa: S603
    return bool(found.stdout.strip())


def chinese_font() -> bool:
    """Whether this machine has a font that can write Chinese; where nobody can say, it is tried."""
    program = shutil.which("fc-list")
    return program is None or _chinese_fonts(program)


def _nothing(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"a report loads nothing, not even {url}")


def made_of(page: str) -> bytes:
    """This page as PDF; it may load nothing."""
    with _ONE:
        made: bytes = _library().HTML(string=page, url_fetcher=_nothing).write_pdf()
    return made
