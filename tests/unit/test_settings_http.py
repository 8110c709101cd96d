"""`[http]` of the configuration."""

from pathlib import Path

import pytest

from monitor.errors import SettingsError
from monitor.settings import HttpSettings, Pages, Settings
from monitor.settings_file import parse

TOKEN, OTHER = "a-token-of-24-characters", "another-of-24-characters"
ENVIRONMENT = {
    "AIRFLOW_TOKEN": TOKEN,
    "PROXY_TOKEN": OTHER,
    "SAME_TOKEN": TOKEN,
    "SHORT": "short",
    "CONTROL": f"{TOKEN}\n",
}


def http(text: str) -> HttpSettings:
    return parse(f"[http]\n{text}", Path("pactwatch.toml"), ENVIRONMENT).http


def problem(text: str) -> str:
    with pytest.raises(SettingsError) as error:
        http(text)
    told = str(error.value)
    assert not any(secret in told for secret in (*ENVIRONMENT.values(), "plain-text"))
    return told


def test_by_default_it_is_seen_from_this_machine_alone() -> None:
    assert Settings().http == http("") == HttpSettings(host="127.0.0.1", port=8650, pages=Pages.OPEN, tokens={})
    assert http("").is_local


@pytest.mark.parametrize(
    ("bind", "host", "port", "is_local"),
    [
        ("127.0.0.1:0", "127.0.0.1", 0, True),
        ("127.8.8.8:80", "127.8.8.8", 80, True),
        ("localhost:80", "localhost", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("[::]:8650", "::", 8650, False),
        ("0.0.0.0:8650", "0.0.0.0", 8650, False),  # noqa: S104
        ("localhost.example.com:80", "localhost.example.com", 80, False),
    ],
)
def test_what_only_this_machine_reaches_is_known(bind: str, host: str, port: int, is_local: bool) -> None:
    found = http(f'bind = "{bind}"')
    assert (found.host, found.port, found.is_local) == (host, port, is_local)


@pytest.mark.parametrize("bind", ["8650", "127.0.0.1", "127.0.0.1:65536", "::1:80", "http://x:1", "a b:1"])
def test_an_address_that_is_none_is_refused(bind: str) -> None:
    assert "http.bind: expected an address and a port" in problem(f'bind = "{bind}"')


def test_tokens_come_from_the_environment_alone() -> None:
    assert http('tokens = {airflow = "${AIRFLOW_TOKEN}"}').tokens == {"airflow": TOKEN}
    told = problem('tokens = {air-flow = "plain-text-token-1234"}')
    assert 'http.tokens.air-flow: a secret in plain text; write air-flow = "${AIR_FLOW_TOKEN}"' in told
    assert "in plain text" in problem('tokens = {airflow = "x${AIRFLOW_TOKEN}"}')


def test_a_token_is_long_and_a_callers_own() -> None:
    assert "http.tokens.a: string should have at least 16 characters" in problem('tokens = {a = "${SHORT}"}')
    assert "http.tokens.a: string should match pattern" in problem('tokens = {a = "${CONTROL}"}')
    assert "two callers have the same token" in problem('tokens = {a = "${AIRFLOW_TOKEN}", b = "${SAME_TOKEN}"}')


def test_a_token_never_shows_in_what_settings_say_of_themselves() -> None:
    assert TOKEN not in repr(http('tokens = {airflow = "${AIRFLOW_TOKEN}"}'))


def test_pages_that_nobody_could_open_are_refused() -> None:
    assert 'pages = "token" needs tokens' in problem('pages = "token"')
    assert "needs a token of the proxy's" in problem('bind = "0.0.0.0:80"\npages = "proxy"')
    assert http('pages = "proxy"').pages is Pages.PROXY
    proxy = http('bind = "0.0.0.0:80"\npages = "proxy"\ntokens = {proxy = "${PROXY_TOKEN}"}')
    assert proxy.tokens == {"proxy": OTHER}
    assert "http.pages: input should be 'open', 'token' or 'proxy', found 'all'" in problem('pages = "all"')


def test_the_sites_name_is_an_address() -> None:
    assert http('public_url = "https://dq.example.com/"').public_url == "https://dq.example.com"
    for address in ("dq.example.com", "javascript:alert(1)", "https://x?y=1", "http://[x"):
        assert "http.public_url: expected the address of a site" in problem(f'public_url = "{address}"')
