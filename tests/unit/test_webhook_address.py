"""Where webhooks may not go, however the address is written."""

import pytest

from services.tracker.webhooks.address import Wrong, allowed, target

PUBLIC = ["93.184.215.14", "223.5.5.5", "2400:3200::1", "2606:4700::1111", "::ffff:223.5.5.5", "64:ff9b::df05:505"]
OFFICE = ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.9.9.9", "100.64.0.1", "::1"]
OFFICE += ["fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"]
NOWHERE = ["0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"]
NOWHERE += ["192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"]
NOWHERE += ["::", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1"]
NOWHERE += ["2001::1", "2002:7f00:1::", "2002:a00:1::", "::127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert allowed(address, private=False)
    assert allowed(address, private=True)


@pytest.mark.parametrize("address", OFFICE)
def test_an_offices_own_network_is_allowed_only_where_the_office_says_so(address: str) -> None:
    assert not allowed(address, private=False)
    assert allowed(address, private=True)


@pytest.mark.parametrize("address", NOWHERE)
def test_link_local_multicast_reserved_and_tunnelled_addresses_are_never_allowed(address: str) -> None:
    assert not allowed(address, private=False)
    assert not allowed(address, private=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://oa.gxt.henan.gov.cn/hook",
        "https://oa.gxt.henan.gov.cn:8443/hook?key=1",
        "https://工信厅.中国/hook",
        "https://223.5.5.5/hook",
        "https://[2400:3200::1]/hook",
        "https://example.com:443",
    ],
)
def test_a_public_https_url_is_taken(url: str) -> None:
    target(url, private=False)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/", "https://"),
        ("ftp://example.com/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("example.com/hook", "https://"),
        ("", "https://"),
        ("https:///hook", "主机名"),
        ("https://user:word@example.com/", "用户名"),
        ("https://user@example.com/", "用户名"),
        ("https://@example.com/", "用户名"),
        ("https://example.com@127.0.0.1/", "用户名"),
        ("https://example.com/#part", "片段"),
        ("https://example.com/a b", "空格"),
        ("https://example.com\\@127.0.0.1/", "空格"),
        ("https://example.com/\r\nHost: x", "空格"),
        ("https://example.com:0/", "端口"),
        ("https://example.com:22/", "端口"),
        ("https://example.com:25/", "端口"),
        ("https://example.com:99999/", "有效|端口"),
        ("https://example.com:port/", "有效"),
        ("https://example..com/", "主机名"),
        ("https://-example.com/", "主机名"),
        ("https://example.com./", "主机名"),
        ("https://a%2eexample.com/", "主机名"),
        ("https://" + "a" * 64 + ".com/", "主机名|有效"),
        ("https://example.com/" + "a" * 2000, "太长"),
        ("https://127.0.0.1/", "内网"),
        ("https://10.0.0.8:8443/", "内网"),
        ("https://169.254.169.254/latest/meta-data", "内网"),
        ("https://[::1]/", "内网"),
        ("https://[::ffff:127.0.0.1]/", "内网"),
        ("https://[::ffff:7f00:1]/", "内网"),
        ("https://[64:ff9b::7f00:1]/", "内网"),
        ("https://[2002:7f00:1::]/", "内网"),
        ("https://[fe80::1]/", "内网"),
        ("https://127。0。0。1/", "内网"),
        ("https://2130706433/", "四段十进制"),
        ("https://0x7f000001/", "四段十进制"),
        ("https://0x7f.0.0.1/", "四段十进制"),
        ("https://0x7f.1/", "四段十进制"),
        ("https://127.1/", "四段十进制"),
        ("https://0177.0.0.1/", "有效|四段十进制"),
        ("https://017700000001/", "四段十进制"),
        ("https://1.2.3.4.5/", "四段十进制"),
        ("https://127.0.0.1.0x1/", "四段十进制"),
        ("https://localhost/", "公网"),
        ("https://LOCALHOST:8443/", "公网"),
        ("https://a.localhost/", "公网"),
        ("https://intake/", "公网"),
        ("https://kafka.internal/", "公网"),
        ("https://printer.local/", "公网"),
    ],
)
def test_what_is_not_taken_says_why(url: str, reason: str) -> None:
    with pytest.raises(Wrong, match=reason):
        target(url, private=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8001/hook", "http://oa/hook", "https://oa.internal/", "http://[::1]/"]
)
def test_an_office_that_allows_its_own_network_may_name_its_hosts(url: str) -> None:
    target(url, private=True)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://0.0.0.0/", "http://224.0.0.1/", "http://2130706433/", "http://a:b@oa/"]
)
def test_and_still_not_everything(url: str) -> None:
    with pytest.raises(Wrong):
        target(url, private=True)
