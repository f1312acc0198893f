"""Where nothing may be sent: addresses that are not public, however they are written or resolved."""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpx

URL_MAX = 2000
#: An office's own network, for those who allow it (YOUSU_TRACKER_WEBHOOK_PRIVATE).
_OFFICE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "::1/128", "fc00::/7")
)
#: Global by the registry, and yet no host: anycast relays, tunnels, protocol assignments, documentation.
_NO_HOST: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ipaddress.ip_network(text) for text in ("192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
)
_UNICAST, _NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
#: A last label that name servers are not asked about: decimal, octal and hexadecimal ways to write an address.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_LOCAL = ("localhost", "local", "internal", "localdomain", "home.arpa")
_STRANGE = re.compile(r"[\x00-\x20\x7f\\\"<>^`{|}]")


class Wrong(Exception):
    """Nothing is sent there; says why, in Chinese."""


def target(url: str, private: bool) -> httpx.URL:
    """The URL as it will be used; Wrong when it may not be, whatever its name resolves to."""
    if len(url) > URL_MAX:
        raise Wrong(f"太长，至多 {URL_MAX} 个字符")
    if _STRANGE.search(url):
        raise Wrong("含有空格或网址中不允许的字符")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        raise Wrong("不是有效的网址") from None
    if parsed.scheme != "https" and not (private and parsed.scheme == "http"):
        raise Wrong("应以 https:// 开头" if not private else "应以 https:// 或 http:// 开头")
    if "@" in url.split("/", 3)[2] or parsed.userinfo:
        raise Wrong("不能包含用户名或密码")
    if "#" in url:
        raise Wrong("不能包含 # 片段")
    if parsed.port is not None and parsed.port not in (80, 443) and not 1024 <= parsed.port <= 65535:
        raise Wrong("端口应为 80、443，或 1024 至 65535")
    _check_host(host_of(parsed), private)
    return parsed


def host_of(url: httpx.URL) -> str:
    """The host as it is resolved and named to the other side; ASCII, without brackets."""
    return url.raw_host.decode("ascii")


def _check_host(host: str, private: bool) -> None:
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        _check_name(host, private)
        return
    if not allowed(str(literal), private):
        raise Wrong("不允许推送到这个地址：内网、本机、组播或保留地址")


def _check_name(host: str, private: bool) -> None:
    if not _NAME.fullmatch(host):
        raise Wrong("主机名无效")
    if _NUMERIC.fullmatch(host):
        raise Wrong("IP 地址应写成四段十进制，例如 93.184.215.14")
    local = "." not in host or any(host == word or host.endswith("." + word) for word in _LOCAL)
    if local and not private:
        raise Wrong("应为公网域名")


def allowed(address: str, private: bool) -> bool:
    """Whether this address may be connected to; link-local, multicast and reserved ones never."""
    found = _inner(ipaddress.ip_address(address.partition("%")[0]))
    if private and any(found in network for network in _OFFICE):
        return True
    if found.is_multicast or not found.is_global or any(found in network for network in _NO_HOST):
        return False
    return isinstance(found, IPv4Address) or found in _UNICAST


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside one of IPv6, where a gateway or the machine itself would unpack it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
