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
#: What nginx says by itself, of a body too long or a service away, is said to programs and people as services say it.
READERS = """\
  map "$uri $http_accept" $reader {
    default program;
    "~^/(api/|healthz|readyz|metrics|openapi|asyncapi)" program;
    "~text/html" page;
  }
"""
PROBLEMS = """\
    error_page 413 @too-large;
    error_page 502 504 @away-$reader;
    location @too-large {
      default_type application/problem+json;
      return 413 '{"type":"urn:yousu:problem:too-large","title":"内容过大","status":413,"detail":"请求正文过长"}';
    }
    location @away-program {
      default_type application/problem+json;
      return 502 '{"type":"urn:yousu:problem:unavailable","title":"服务暂不可用","status":502,"detail":"请稍后再试"}';
    }
    location @away-page {
      default_type "text/html; charset=utf-8";
      return 502 '<!doctype html><html lang="zh-CN"><meta name="viewport" content="width=device-width">
        <title>服务暂不可用</title><h1>服务暂不可用</h1><p>请稍后再试；刚才提交的内容没有收到。</p>
        <p><a href="/">有诉即办</a></p>';
    }
"""
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
{readers}  server {{
    listen {host}:{port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_connect_timeout 2s;
    proxy_next_upstream error timeout;
    proxy_read_timeout 60s;
{problems}    location = /healthz {{ default_type application/json; return 200 '{{"status":"ok"}}'; }}
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
    said = {"readers": READERS, "problems": PROBLEMS}
    where = {"home": home, "host": host, "port": port, "user": user}
    return _SERVER.format(**where, **said, upstreams="\n".join(upstreams), locations="\n".join(locations))


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
    path.write_text(configuration(home, host, port, replicas), encoding="utf-8")
    return [found, "-p", str(home), "-c", str(path), "-e", str(home / "error.log")]
