"""Permalinks lead to one place each, whatever things are called."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.target import TargetKey
from monitor.reports.links import check_url, dataset_page, name_slug, target_folder

TARGET = TargetKey(contract="orders", major="1", server="warehouse")
TRICKY = st.sampled_from(["A", "a", "a-559aead0", "A-", "index", "Index", "..", ".", "", "ä", "a/b"])
NAMES = st.one_of(TRICKY, TRICKY.map(name_slug), st.text(max_size=100), st.text("aA-0", max_size=100))


def test_a_check_has_the_address_that_people_expect() -> None:
    assert (
        check_url("https://dq.example.com/", TARGET, "flights", "flights.dest.foreign-key")
        == "https://dq.example.com/contracts/orders/v1/warehouse/flights.html#flights.dest.foreign-key"
    )


def test_the_site_may_live_below_a_path() -> None:
    assert check_url("https://example.com/dq", TARGET, "t", "t.a").startswith("https://example.com/dq/contracts/")


def test_what_belongs_to_no_dataset_stands_on_the_page_of_the_target() -> None:
    assert dataset_page(TARGET, "") == "contracts/orders/v1/warehouse/index.html"
    assert dataset_page(TARGET, "index") != dataset_page(TARGET, "")


@given(NAMES, NAMES)
def test_two_names_never_share_a_file(one: str, other: str) -> None:
    assert (name_slug(one) == name_slug(other)) == (one == other)


@given(NAMES)
def test_a_name_stays_inside_its_folder_also_where_case_does_not_count(name: str) -> None:
    slug = name_slug(name)
    assert slug.casefold() == slug
    assert 1 <= len(slug) <= 80
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert not slug.startswith(".")


@given(NAMES, NAMES, st.text(min_size=1, max_size=50))
def test_an_address_survives_hostile_names(server: str, dataset: str, check: str) -> None:
    target = TargetKey(contract="orders", major="1", server=server)
    parts = urlsplit(check_url("https://dq.example.com", target, dataset, check))
    assert parts.netloc == "dq.example.com"
    assert parts.query == ""
    assert unquote(parts.fragment) == check
    assert PurePosixPath(parts.path).parent == PurePosixPath("/" + target_folder(target))


@pytest.mark.parametrize("name", ["flights", "dim_date", "2024.orders"])
def test_plain_names_are_kept(name: str) -> None:
    assert name_slug(name) == name
