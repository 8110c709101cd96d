"""`[state]` of the configuration."""

from pathlib import Path

import pytest

from monitor.errors import SettingsError
from monitor.settings import DAY, Settings, StateSettings
from monitor.settings_file import parse

ENVIRONMENT = {"STATE_USER": "me", "STATE_PASSWORD": "p@ss/word%", "STATE_URL": "postgresql://me:p%40ss@db/state"}


def state(text: str, file: str = "somewhere/pactwatch.toml") -> StateSettings:
    return parse(f"[state]\n{text}", Path(file), ENVIRONMENT).state


def test_by_default_it_is_a_file_beside_the_configuration() -> None:
    assert Settings().state == StateSettings(
        url="sqlite:///.pactwatch/state.db", keep_results=14 * DAY, keep_rollups=400 * DAY
    )
    assert state("").url == "sqlite:///somewhere/.pactwatch/state.db"
    assert state("", "/etc/pactwatch.toml").url == "sqlite:////etc/.pactwatch/state.db"
    assert state('url = "sqlite:////var/lib/state.db"').url == "sqlite:////var/lib/state.db"


def test_references_are_filled_in_and_encoded_where_a_url_needs_it() -> None:
    url = state('url = "postgresql://${STATE_USER}:${STATE_PASSWORD}@db:5432/state"').url
    assert url == "postgresql://me:p%40ss%2Fword%25@db:5432/state"
    assert state('url = "${STATE_URL}"').url == ENVIRONMENT["STATE_URL"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@db/state",
        "postgresql://me:hunter2${STATE_PASSWORD}@db/state",
        "postgresql+psycopg2://:hunter2@db/state",
        "postgresql://db/state?user=me&password=hunter2",
    ],
)
def test_a_password_in_plain_text_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match=r"state\.url: a secret in plain text") as error:
        state(f'url = "{url}"')
    assert "hunter2" not in str(error.value)


def test_the_url_is_in_no_repr() -> None:
    assert "p%40ss" not in repr(state('url = "${STATE_URL}"'))


def test_how_long_to_keep() -> None:
    kept = state('keep_results = "2d"\nkeep_rollups = "30d"')
    assert (kept.keep_results, kept.keep_rollups) == (2 * DAY, 30 * DAY)
    with pytest.raises(SettingsError, match="at least as long as results"):
        state('keep_results = "40d"\nkeep_rollups = "30d"')
