import pytest

from monitor.domain.target import TargetKey
from monitor.reports import links

TARGET = TargetKey(contract="nyc-flights", major="1", server="warehouse")
NAMES = ["orders", "Orders", "ORDERS", "index", "", ".", "..", "../x", "a/b", "a b", "a-b", "ä", "日本", "a\ud800", "~"]
NAMES += ["<script>", "con:", "x" * 300, "x" * 301, "orders.", "-orders", "%2e%2e", "#a", "?a", "a\x00", "a\n"]


def test_a_plain_name_is_its_own_address() -> None:
    assert links.contract_page(TARGET) == "contracts/nyc-flights/v1/warehouse/index.html"
    assert links.dataset_page(TARGET, "flights") == "contracts/nyc-flights/v1/warehouse/flights.html"
    link = links.check_link(TARGET, "flights", "flights.dest.foreign-key")
    assert link == "contracts/nyc-flights/v1/warehouse/flights.html#flights.dest.foreign-key"
    assert links.run_page(TARGET, "7f3a") == "contracts/nyc-flights/v1/warehouse/runs/7f3a.html"


def test_no_two_names_share_a_file_even_where_case_does_not_count() -> None:
    names = [*NAMES, *(links.file_name(name) for name in NAMES)]
    files = {links.file_name(name).lower() for name in set(names)}
    assert len(files) == len(set(names))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_never_leaves_its_folder_and_fits_a_file_system(name: str) -> None:
    file = links.file_name(name)
    assert file not in {"", ".", ".."}
    assert not set(file) - set("abcdefghijklmnopqrstuvwxyz0123456789._-~")
    assert len(file) <= 80
    assert links.quoted(file) == file


def test_a_dataset_called_index_leaves_the_index_alone() -> None:
    assert links.dataset_page(TARGET, "index") != links.contract_page(TARGET)


def test_what_belongs_to_no_dataset_stands_on_the_contract_s_page() -> None:
    assert links.dataset_page(TARGET, "") == links.contract_page(TARGET)


def test_a_check_has_an_address_that_a_message_can_carry() -> None:
    url = links.check_url("https://dq.example.com/", TARGET, "Flight Facts", "flights.größe.range")
    base, _, anchor = url.partition("#")
    assert base.startswith("https://dq.example.com/contracts/nyc-flights/v1/warehouse/flight-facts~")
    assert anchor == "flights.gr~f6~~df~e.range"


@pytest.mark.parametrize(
    ("here", "there", "link"),
    [
        ("index.html", "contracts/a/v1/w/index.html", "contracts/a/v1/w/index.html"),
        ("contracts/a/v1/w/index.html", "index.html", "../../../../index.html"),
        ("contracts/a/v1/w/index.html", "contracts/a/v1/w/t.html#t.c", "t.html#t.c"),
        ("contracts/a/v1/w/runs/7.html", "contracts/a/v1/w/t.html", "../t.html"),
        ("contracts/a/v1/w/index.html", "contracts/a/v2/w/index.html", "../../v2/w/index.html"),
    ],
)
def test_pages_link_to_each_other_wherever_the_site_lies(here: str, there: str, link: str) -> None:
    assert links.relative(here, to=there) == link
