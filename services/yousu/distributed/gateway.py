"""nginx as the gateway: one origin in front of the services' replicas."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Which service answers a path; the first that fits, so the longer ones stand before `/`.
ROUTES: tuple[tuple[str, str], ...] = (
    ("/api/v1/parked/router", "router"),
    ("/api/v1/parked/tracker", "tracker"),
    ("/api/v1/matters", "router"),
    ("/api/v1/agencies", "router"),
    ("/api/v1/routing", "router"),
    ("/api/v1/triage", "router"),
    ("/desk", "router"),
    ("/api/v1/queue", "tracker"),
    ("/api/v1/cases", "tracker"),
    ("/api/v1/deadlines", "tracker"),
    ("/api/v1/extension-requests", "tracker"),
    ("/api/v1/supervision-orders", "tracker"),
    ("/api/v1/reviews", "tracker"),
    ("/api/v1/bulletin", "tracker"),
    ("/api/v1/indicators", "tracker"),
    ("/api/v1/imports", "tracker"),
    ("/api/v1/webhooks", "tracker"),
    ("/api/v1/exports", "tracker"),
    ("/board", "tracker"),
    ("/", "intake"),
)
_SERVER = """\
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
{user}
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_max_body_size 512k;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
{upstreams}
  server {{
    listen {host}:{port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_connect_timeout 2s;
    proxy_next_upstream error timeout;
    proxy_read_timeout 60s;
    location = /healthz {{ default_type application/json; return 200 '{{"status":"ok"}}'; }}
{locations}
  }}
}}
"""


def missing() -> bool:
    """Whether this machine has no nginx."""
    return program() is None


def program() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def configuration(home: Path, host: str, port: int, replicas: Mapping[str, Sequence[int]]) -> str:
    """nginx's configuration for these replicas' ports, by service."""
    upstreams = [_upstream(name, ports) for name, ports in replicas.items()]
    locations = [f"    location {path} {{ proxy_pass http://{service}; }}" for path, service in ROUTES]
    user = "user root;" if os.geteuid() == 0 else ""
    return _SERVER.format(
        home=home, host=host, port=port, user=user, upstreams="\n".join(upstreams), locations="\n".join(locations)
    )


def _upstream(name: str, ports: Sequence[int]) -> str:
    servers = " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
    return f"  upstream {name} {{ {servers} keepalive 64; }}"


def prepare(home: Path, host: str, port: int, replicas: Mapping[str, Sequence[int]]) -> list[str]:
    """Write the configuration; the command that runs the gateway."""
    found = program()
    if found is None:
        raise FileNotFoundError("nginx is not installed")
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    path = home / "nginx.conf"
    path.write_text(configuration(home, host, port, replicas))
    return [found, "-p", str(home), "-c", str(path), "-e", str(home / "error.log")]
