"""Who may see what."""

import base64

import pytest

from monitor.settings import HttpSettings, Pages
from monitor.web.access import FORWARDED, Refused, Room, caller_of, refusal

AIRFLOW, PROXY = "airflow-token-1234567890", "proxy-token-123456789012"
HERE = {"host": "127.0.0.1:8650"}
LOCAL = HttpSettings()
GUARDED = HttpSettings(tokens={"airflow": AIRFLOW, "proxy": PROXY})
OUTSIDE = HttpSettings(host="0.0.0.0", public_url="https://dq.example.com", tokens={"airflow": AIRFLOW})  # noqa: S104


def bearer(token: str) -> dict[str, str]:
    return {**HERE, "authorization": f"Bearer {token}"}


def basic(password: str) -> dict[str, str]:
    return {**HERE, "authorization": "Basic " + base64.b64encode(f"anna:{password}".encode()).decode()}


def why(room: Room, headers: dict[str, str], settings: HttpSettings = LOCAL, method: str = "GET") -> tuple[int, str]:
    found = refusal(room, method, headers, settings)
    assert isinstance(found, Refused)
    return found.status, found.code


def test_a_token_says_who_asks() -> None:
    assert caller_of(bearer(AIRFLOW), GUARDED.tokens) == "airflow"
    assert caller_of({"authorization": f"bearer  {AIRFLOW} "}, GUARDED.tokens) == "airflow"
    wrong = [AIRFLOW[:-1], AIRFLOW + "x", "", "\ud800", PROXY, f"{AIRFLOW}, {AIRFLOW}"]
    for headers in [{}, basic(AIRFLOW), *map(bearer, wrong)]:
        assert caller_of(headers, GUARDED.tokens) is None


def test_a_browser_may_send_the_token_as_a_password_to_read_pages_only() -> None:
    pages = HttpSettings(pages=Pages.TOKEN, tokens={"airflow": AIRFLOW})
    assert refusal(Room.PAGES, "GET", basic(AIRFLOW), pages) is None
    assert why(Room.PAGES, basic("wrong"), pages) == (401, "wrong_token")
    assert why(Room.PAGES, {**HERE, "authorization": "Basic !"}, pages) == (401, "wrong_token")
    assert why(Room.PAGES, HERE, pages) == (401, "token_needed")
    assert why(Room.API, basic(AIRFLOW), pages) == (401, "wrong_token")


@pytest.mark.parametrize("room", [Room.API, Room.METRICS])
def test_on_this_machine_no_token_is_needed_unless_one_is_configured(room: Room) -> None:
    assert refusal(room, "GET", HERE, LOCAL) is None
    assert why(room, HERE, GUARDED) == (401, "token_needed")
    assert refusal(room, "GET", bearer(AIRFLOW), GUARDED) is None


@pytest.mark.parametrize("room", [Room.API, Room.METRICS])
def test_off_this_machine_a_token_is_needed(room: Room) -> None:
    assert why(room, HERE, HttpSettings(host="0.0.0.0")) == (401, "token_needed")  # noqa: S104
    assert why(room, HERE, OUTSIDE) == (401, "token_needed")
    assert refusal(room, "GET", bearer(AIRFLOW), OUTSIDE) is None


@pytest.mark.parametrize("header", FORWARDED)
@pytest.mark.parametrize("client", ["127.0.0.1", "for=127.0.0.1", ""])
def test_what_a_proxy_says_of_its_client_lets_nobody_in(header: str, client: str) -> None:
    assert why(Room.API, {**HERE, header: client}) == (401, "token_needed")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8650", "localhost", "LOCALHOST:1", "localhost.", "[::1]:8650", "10.1.2.3", "dq.example.com"]
)
def test_an_address_and_our_own_name_are_answered(host: str) -> None:
    settings = HttpSettings(public_url="https://dq.example.com")
    assert refusal(Room.API, "GET", {"host": host}, settings) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1", "a@b", "dq.example.com.evil"],
)
@pytest.mark.parametrize("room", [Room.API, Room.METRICS, Room.PAGES])
def test_a_name_that_is_not_ours_is_not_answered(host: str, room: Room) -> None:
    settings = HttpSettings(public_url="https://dq.example.com")
    assert why(room, {"host": host}, settings) == (421, "unknown_host")
    assert why(room, {}, settings) == (421, "unknown_host")


def test_a_program_with_a_token_may_call_us_by_any_name() -> None:
    assert refusal(Room.METRICS, "GET", {**bearer(AIRFLOW), "host": "pactwatch:8650"}, OUTSIDE) is None


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://[x"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_cannot_make_a_browser_start_a_run(header: dict[str, str]) -> None:
    assert why(Room.API, {**HERE, **header}, method="POST") == (403, "cross_site")


def test_programs_and_our_own_pages_may_start_a_run() -> None:
    own = {"origin": "http://127.0.0.1:8650", "sec-fetch-site": "same-origin"}
    for headers in (HERE, {**HERE, **own}, {**bearer(AIRFLOW), "origin": "https://evil.example"}):
        settings = GUARDED if "authorization" in headers else LOCAL
        assert refusal(Room.API, "POST", headers, settings) is None


def test_health_is_open_to_all() -> None:
    assert refusal(Room.HEALTH, "GET", {"host": "evil.example"}, OUTSIDE) is None


def test_pages_are_open_or_come_through_the_proxy() -> None:
    assert refusal(Room.PAGES, "GET", {**HERE, "x-forwarded-for": "1.2.3.4"}, LOCAL) is None
    assert refusal(Room.PAGES, "GET", HERE, OUTSIDE) is None
    behind = HttpSettings(host="0.0.0.0", pages=Pages.PROXY, tokens={"proxy": PROXY, "airflow": AIRFLOW})  # noqa: S104
    for headers in (HERE, bearer(AIRFLOW), bearer(PROXY), {**HERE, "x-pactwatch-proxy": AIRFLOW}):
        assert why(Room.PAGES, headers, behind) == (403, "not_by_proxy")
    assert refusal(Room.PAGES, "GET", {"host": "any", "x-pactwatch-proxy": PROXY}, behind) is None
    assert refusal(Room.PAGES, "GET", {"host": "any"}, HttpSettings(pages=Pages.PROXY)) is None
    assert why(Room.API, {**HERE, "x-pactwatch-proxy": PROXY}, behind) == (401, "token_needed")
