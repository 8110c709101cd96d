"""A server of files says where they are, and nothing that only a server of the network has."""

from pathlib import Path

import pytest

from monitor.errors import SettingsError
from monitor.settings_file import parse


def read(text: str) -> str | None:
    return parse(f"[servers.s]\n{text}", Path("/etc/pw/pactwatch.toml"), {}).servers["s"].path


def test_a_path_is_found_from_the_folder_of_the_file() -> None:
    assert read('type = "duckdb"\npath = "data/{table}.csv"') == "/etc/pw/data/{table}.csv"
    assert read('type = "local"\npath = "/srv/shop.duckdb"') == "/srv/shop.duckdb"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('type = "duckdb"', "servers.s: path is missing"),
        ('type = "duckdb"\npath = "a"\nhost = "h"', "servers.s: host: a server of type duckdb has none, only a path"),
        ('path = "a"', "servers.s: path and format are for servers of type duckdb, not postgres"),
        ('type = "duckdb"\npath = "a"\nmemory_limit = "much"', "servers.s.memory_limit: "),
    ],
)
def test_what_does_not_fit_is_told(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read(text)
