"""How a connector's settings become Soda's, and what a driver that nobody here knows has raised."""

import json
import sqlite3

import psycopg2
import pytest

from monitor.checks.dialect import CONNECTORS, dialect_of
from monitor.checks.unsupported import UnsupportedError
from monitor.domain.check import TableName
from monitor.engines import sql_errors
from monitor.engines.warehouses.connector import exact_name, route_to
from monitor.engines.warehouses.connector_errors import failed, is_of_a_driver, told
from monitor.engines.warehouses.connector_kinds import KINDS
from monitor.settings import ServerSettings

SECRETS = {"account": "acme", "private_key": "-----BEGIN\nhunter2\n-----END", "deep": [{"oauth_token": "tok-123"}]}


def properties(**settings: object) -> dict[str, object]:
    route = route_to(ServerSettings(name="wh", **settings))  # type: ignore[arg-type]
    found: dict[str, object] = json.loads(route["properties"])
    return found


def test_our_settings_stand_for_soda_s_keys_and_its_own_win() -> None:
    given = properties(type="snowflake", host="h", database="d", schema="s", user="u", password="p")
    own = properties(type="snowflake", user="u", connection='{"username": "v", "warehouse": "w", "anything": [1]}')

    assert given == {"host": "h", "database": "d", "schema": "s", "username": "u", "password": "p"}
    assert own == {"username": "v", "warehouse": "w", "anything": [1]}


def test_each_server_calls_its_places_as_soda_does() -> None:
    place = {"database": "d", "schema": "s"}

    assert properties(type="bigquery", **place) == {"project_id": "d", "dataset": "s"}
    assert properties(type="trino", **place) == {"catalog": "d", "schema": "s"}
    databricks = properties(type="databricks", password="t", connection='{"method": "odbc"}')
    assert databricks == {"token": "t", "method": "databricks"}


@pytest.mark.parametrize("server", CONNECTORS)
@pytest.mark.parametrize(
    "name", ["t", "T1", "a b", 'it\'s "odd"', "a`b", "[x]", "a.b", "{{ 7*7 }}", "ß\U0001f600", "U&"]
)
@pytest.mark.parametrize("schema", [None, "s", 'o"d.d'])
def test_a_heading_says_the_exact_name_again(server: str, name: str, schema: str | None) -> None:
    table = TableName(schema=schema, name=name)

    assert exact_name(dialect_of(server).heading(table)) == table


@pytest.mark.parametrize("text", ["100 %", "%%", "%s", "%(x)s", "%%%", "LIKE '%a%'", ""])
def test_bigquery_s_driver_gives_a_statement_back_as_it_was(text: str) -> None:
    """Its `_format_operation` (3.47.0) replaces `%%` by `%` also where there are no parameters."""
    assert KINDS["bigquery"].as_sent(text).replace("%%", "%") == text
    assert KINDS["trino"].as_sent(text) == text


def test_a_name_that_somebody_else_wrote_stays_as_it_is() -> None:
    assert [exact_name(text) for text in ("orders", "a.b", '"a" b', "", '"a"."b"."c"', "x`y`")] == [None] * 6


def test_every_driver_s_errors_are_known_by_their_class() -> None:
    for error in (
        sqlite3.OperationalError("x"),
        psycopg2.ProgrammingError("x"),
        TimeoutError(),
        ConnectionResetError(),
    ):
        assert is_of_a_driver(error)
    for error in (ValueError("x"), KeyError("x"), UnsupportedError("x"), ImportError("x"), MemoryError()):
        assert not is_of_a_driver(error)


def test_what_a_driver_lets_through_from_its_network_is_the_server_s_trouble() -> None:
    transport = type("TransportError", (Exception,), {"__module__": "google.auth.exceptions"})
    of_pep_249 = type("Error", (Exception,), {"__module__": "google.cloud.bigquery.dbapi.exceptions"})
    database = type("DatabaseError", (of_pep_249,), {"__module__": "google.cloud.bigquery.dbapi.exceptions"})

    assert is_of_a_driver(transport("x"))
    assert failed(transport("x"), {}).code == "58000"
    assert failed(database("x"), {}).code == "22000"


def test_a_class_of_pep_249_says_what_kind_of_trouble_it_is() -> None:
    class WithState(sqlite3.DatabaseError):
        sqlstate = "42501"

    codes = {
        sqlite3.ProgrammingError("no such column"): "42000",
        sqlite3.DataError("x"): "22000",
        sqlite3.OperationalError("x"): "58000",
        sqlite3.DatabaseError("x"): "22000",
        sqlite3.ProgrammingError("42S02", "[42S02] Invalid object name"): "42S02",
        WithState("x"): "42501",
        ConnectionResetError("x"): "58000",
    }
    assert {error: failed(error, {}).code for error in codes} == codes
    assert sql_errors.obstacle_of(failed(WithState("x"), {})) is sql_errors.Obstacle.PRIVILEGE
    assert sql_errors.is_of_the_whole_statement(failed(ConnectionResetError(), {}))


def test_no_secret_of_the_settings_is_told() -> None:
    error = sqlite3.OperationalError("cannot use -----BEGIN\nhunter2\n-----END of acme with tok-123")

    first = told(error, SECRETS)
    rest = told(sqlite3.OperationalError("got hunter2 and tok-123 for acme"), SECRETS)

    assert first == "cannot use •••"
    assert rest == "got ••• and ••• for acme"


def test_what_soda_wrapped_is_told_as_the_driver_said_it() -> None:
    class WrappedError(Exception):
        original_exception = sqlite3.OperationalError("no route\n  to host")

    assert told(WrappedError("Encountered a problem"), {}) == "no route"
    assert told(sqlite3.OperationalError(), {}) == "OperationalError"
