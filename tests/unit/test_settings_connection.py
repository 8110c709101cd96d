"""What a connector's package wants to know is handed on as it is, and no secret of it is ever repeated."""

import json
import re
from pathlib import Path

import pytest

from monitor.errors import SettingsError
from monitor.settings import ServerSettings
from monitor.settings_connection import CONNECTORS
from monitor.settings_file import parse

FILE = Path("pactwatch.toml")
WAREHOUSE = """\
[servers.wh]
type = "snowflake"
database = "SALES"
user = "reader"
[servers.wh.connection]
account = "acme"
private_key = "${KEY}"
keep = true
retries = 3
session_params = {QUERY_TAG = "of ${TEAM}", hosts = ["a", "${TEAM}"]}
"""


def server(text: str, **variables: str) -> ServerSettings:
    settings = parse(text, FILE, variables)
    settings.need("servers.wh")
    return settings.servers["wh"]


def refusal(text: str, **variables: str) -> str:
    with pytest.raises(SettingsError) as refused:
        server(text, **variables)
    return str(refused.value)


def test_every_key_goes_on_as_it_is_with_its_references_filled_in() -> None:
    read = server(WAREHOUSE, KEY="-----BEGIN", TEAM="shop")

    assert json.loads(read.connection or "") == {
        "account": "acme",
        "private_key": "-----BEGIN",
        "keep": True,
        "retries": 3,
        "session_params": {"QUERY_TAG": "of shop", "hosts": ["a", "shop"]},
    }
    assert "BEGIN" not in repr(read)
    assert hash(read) == hash(server(WAREHOUSE, KEY="-----BEGIN", TEAM="shop"))


def test_a_variable_that_is_not_set_is_told_with_its_place() -> None:
    assert "servers.wh.connection.private_key: the environment variable KEY is not set" in refusal(WAREHOUSE, TEAM="x")


@pytest.mark.parametrize(
    "key", ["password", "token", "private_key", "client_secret", "secret_access_key", "account_info_json", "PassPhrase"]
)
def test_a_secret_in_plain_text_is_refused_and_not_repeated(key: str) -> None:
    told = refusal(f'[servers.wh]\ntype = "snowflake"\n[servers.wh.connection]\ndeep = {{{key} = "hunter2"}}\n')

    assert f"servers.wh.connection.deep.{key}: a secret in plain text" in told
    assert "hunter2" not in told


def test_what_is_no_table_is_refused_and_not_repeated() -> None:
    told = refusal('[servers.wh]\ntype = "snowflake"\nconnection = "password=hunter2"\n')

    assert "servers.wh.connection" in told
    assert "hunter2" not in told


def test_only_connectors_have_such_a_table() -> None:
    told = refusal('[servers.wh]\ntype = "postgres"\n[servers.wh.connection]\nkeepalives = 1\n')

    assert "connection is for servers of type athena, bigquery, " in told
    assert told.endswith("not postgres")


def test_where_its_parts_come_from_is_its_own_table() -> None:
    read = server(WAREHOUSE, KEY="k" * 9, TEAM="x")

    assert read.sources.address == "[servers.wh] in pactwatch.toml"
    assert read.sources.user == "user under [servers.wh] in pactwatch.toml"


def test_the_settings_that_the_document_shows_are_understood() -> None:
    text = (Path(__file__).parents[2] / "docs" / "connectors.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    values = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", text), "x" * 20)

    read = {each.type for block in blocks for each in parse(block, FILE, values).servers.values()}

    assert read == CONNECTORS
