"""Whoever is woken by a server that refuses, waits or goes away reads one step that helps."""

from dataclasses import replace

import pytest

from monitor.engines.messages import Failed, Trouble
from monitor.engines.remedies import LOST, Place, after_failure, after_refusal
from monitor.engines.sql_errors import Obstacle
from monitor.engines.warehouses.postgres import Blocker
from monitor.settings import ServerSettings, Sources

SERVER = ServerSettings(
    name="prod",
    host="db.example.com",
    database="shop",
    user="reader",
    password="hunter2",
    sources=Sources(address="A", database="D", user="U", password="PROD_PASSWORD"),
)
PLACE = Place(server=SERVER, role="reader")
REFUSALS = {
    'connection to server at "127.0.0.1", port 1 failed: Connection refused': "its address comes from A",
    "connection to server at 10.0.0.1 failed: timeout expired": "is the server up",
    'could not translate host name "db" to address: Name or service not known': "correct the host's name",
    'FATAL: password authentication failed for user "reader"': (
        "correct the password of role reader: it comes from PROD_PASSWORD"
    ),
    "fe_sendauth: no password supplied": "none was found in PROD_PASSWORD",
    'FATAL: no pg_hba.conf entry for host "10.0.0.9", user "reader"': "pg_hba.conf",
    'FATAL: Peer authentication failed for user "reader"': "pg_hba.conf",
    'FATAL: role "reader" does not exist': "create the role, or correct its name: it comes from U",
    'FATAL: database "shop" does not exist': "create the database, or correct its name: it comes from D",
    'FATAL: permission denied for database "shop"': 'GRANT CONNECT ON DATABASE "shop" TO "reader"',
    "FATAL: sorry, too many clients already": "max_connections",
    "FATAL: the database system is starting up": "wait until the server takes connections",
    "server does not support SSL, but SSL was required": "sslmode",
    "FATAL: das Passwort stimmt nicht": "is the server up",
}


@pytest.mark.parametrize("message", REFUSALS)
def test_a_refusal_names_what_to_look_at_and_never_the_secret(message: str) -> None:
    step = after_refusal(message, SERVER)

    assert REFUSALS[message] in step
    assert "hunter2" not in step


def failed(obstacle: Obstacle | None, reason: str = "") -> Failed:
    return Failed(metric="t.a", trouble=Trouble.ERROR, reason=reason, obstacle=obstacle)


def test_a_lock_names_the_session_to_wait_for_or_to_end() -> None:
    load = Blocker(application="nightly load", user="analyst", process=4711)

    assert after_failure(failed(Obstacle.LOCKED), PLACE, load) == (
        "wait for nightly load (analyst, process 4711) to end, or end it: SELECT pg_terminate_backend(4711)"
    )
    assert "lock_timeout (now 30 s)" in (after_failure(failed(Obstacle.LOCKED), PLACE, None) or "")


def test_a_timeout_says_which_setting_ended_the_statement() -> None:
    step = after_failure(failed(Obstacle.TIMEOUT), PLACE, None)

    assert step is not None
    assert step.startswith("raise statement_timeout (now 5 min) under [servers.prod] in the configuration")


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (
            "permission denied for schema vault (SQLSTATE 42501)",
            'GRANT USAGE ON SCHEMA "vault" TO "reader"',
        ),
        ('permission denied for table a"b (SQLSTATE 42501)', 'GRANT SELECT ON "a""b" TO "reader"'),
        (
            'query would be affected by row-level security policy for table "t" (SQLSTATE 42501)',
            'let the role see all rows: ALTER ROLE "reader" BYPASSRLS',
        ),
        ("Zugriff verweigert", "grant reader what the reason names"),
    ],
)
def test_a_missing_privilege_comes_with_the_statement_that_grants_it(reason: str, step: str) -> None:
    assert after_failure(failed(Obstacle.PRIVILEGE, reason), PLACE, None) == step


def test_a_server_that_went_away_is_looked_for_in_its_log_and_a_bad_rule_is_not() -> None:
    assert after_failure(replace(failed(None), trouble=Trouble.LOST), PLACE, None) == LOST
    assert after_failure(failed(None), PLACE, None) is None
