"""A variable that is not set is a mistake for whoever needs it, and for nobody else."""

from pathlib import Path

import pytest

from monitor.cli.alerting import notifier_of, routes_of
from monitor.contracts.versions import Selected
from monitor.errors import SettingsError
from monitor.settings import Settings
from monitor.settings_file import parse
from monitor.wiring import targets
from tests.runs import CONTRACT

ALL = """
[servers.warehouse]
host = "${DB_HOST}"
password = "${DB_PASSWORD}"
sslmode = "${DB_SSL}"
[servers.other]
host = "db"
[state]
url = "postgresql://${STATE_USER}:${STATE_PASSWORD}@db/state"
[slack]
token = "${SLACK_BOT_TOKEN}"
channel = "${CHANNEL}"
[webhook]
url = "${HOOK}"
secret = "${HOOK_SECRET}"
[alerts]
to = "slack"
[http]
bind = "${BIND}"
public_url = "${SITE}"
tokens = {airflow = "${AIRFLOW}"}
[daemon]
ping_url = "${PING}"
"""


def read(text: str = ALL, **environment: str) -> Settings:
    return parse(text, Path("pactwatch.toml"), environment)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (["servers.warehouse"], "DB_HOST DB_PASSWORD DB_SSL"),
        (["state"], "STATE_USER STATE_PASSWORD"),
        (["slack"], "SLACK_BOT_TOKEN CHANNEL"),
        (["webhook"], "HOOK HOOK_SECRET"),
        (["http"], "BIND SITE AIRFLOW"),
        (["http.tokens", "daemon"], "PING AIRFLOW"),
    ],
)
def test_whoever_needs_a_table_is_told_all_it_lacks(tables: list[str], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read().need(*tables)
    lines = str(refused.value).splitlines()
    assert [line.split("variable ")[1] for line in lines] == [f"{name} is not set" for name in told.split()]
    assert all(line.startswith("pactwatch.toml: ") for line in lines)


def test_a_table_that_lacks_nothing_or_is_not_there_is_no_mistake() -> None:
    read().need("servers.other", "servers.ware", "samples")
    read(SLACK_BOT_TOKEN="xoxb-1", CHANNEL="#data").need("slack")
    assert read("").missing == {}


def test_a_setting_is_told_once_and_not_called_too_short_as_well() -> None:
    (told,) = read('[http]\ntokens = {me = "${T}"}').lacking()
    assert told == "http.tokens.me: the environment variable T is not set"


def test_the_state_is_not_opened_with_half_a_url() -> None:
    with pytest.raises(SettingsError, match=r"state\.url: the environment variable STATE_PASSWORD is not set"):
        _ = read(STATE_USER="me").state_url
    assert read(STATE_USER="me", STATE_PASSWORD="p@ss").state_url == "postgresql://me:p%40ss@db/state"


def test_only_a_server_that_is_chosen_has_to_be_complete() -> None:
    chosen = [Selected(contract=CONTRACT, shadow=False)]
    ((target,), _) = targets(chosen, read(), {}, "other")
    assert target.server.name == "other"
    with pytest.raises(SettingsError, match=r"servers\.warehouse\.password: the environment variable DB_PASSWORD"):
        targets(chosen, read(), {}, "all")


def test_nobody_is_told_without_the_secret_of_the_chosen_way() -> None:
    for use in (notifier_of, routes_of):
        with pytest.raises(SettingsError, match=r"slack\.token: the environment variable SLACK_BOT_TOKEN is not set"):
            use(read(CHANNEL="#data"))
    assert routes_of(read(SLACK_BOT_TOKEN="x", CHANNEL="#data", SITE="https://dq.example.com")).channel == "#data"
