"""What is wrong under [schedule] and [daemon] is told with its place; what is right arrives."""

from pathlib import Path

import pytest

from monitor.errors import SettingsError
from monitor.settings import CatchUp, Dispatcher
from monitor.settings_file import parse

FILE = Path("folder/pactwatch.toml")


def test_schedules_and_the_daemon_arrive_as_they_are_written() -> None:
    settings = parse(
        """
        [schedule]
        default = "*/5 * * * *"
        timezone = "Europe/Berlin"
        catch_up = "skip"
        spread = "0s"
        schema_every = "15m"
        [daemon]
        lease = "90s"
        heartbeat_file = "alive"
        ping_url = "${PING}"
        """,
        FILE,
        {"PING": "https://hc.example.com/secret"},
    )
    assert (settings.schedule.default, settings.schedule.timezone) == ("*/5 * * * *", "Europe/Berlin")
    assert (settings.schedule.catch_up, settings.schedule.spread) == (CatchUp.SKIP, 0.0)
    assert settings.schedule.schema_every == 900.0
    assert (settings.daemon.lease, settings.daemon.heartbeat_file) == (90.0, Path("folder/alive"))
    assert settings.daemon.ping_url == "https://hc.example.com/secret"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[schedule]\ndefault = "0 6 * *"', "schedule.default: '0 6 * *' is no cron expression"),
        ('[schedule]\ndefault = "0 0 30 2 *"', "schedule.default: "),
        ('[schedule]\ntimezone = "Mars/Olympus"', "schedule.timezone: expected the name of a time zone such as"),
        ('[schedule]\ncatch_up = "some"', "schedule.catch_up: "),
        ('[schedule]\nspread = "-1s"', "schedule.spread: expected a duration"),
        ("[daemon]\nworkers = 0", "daemon.workers: "),
        ('[daemon]\nlease = "1s"', "daemon.lease: "),
        ('[daemon]\nping_url = "file:///etc/passwd"', "daemon.ping_url: expected an address that begins with https://"),
        ('[daemon]\ndispatcher = "celery"', "daemon.dispatcher: "),
        (
            '[daemon]\ndispatcher = "procrastinate"',
            'daemon.dispatcher: "procrastinate" needs state.url in PostgreSQL, found sqlite',
        ),
        ("[daemon]\nnothing = 1", "daemon.nothing: there is no such setting"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse(text, FILE, {})
    assert f"{FILE}: {told}" in str(error.value)
    assert "passwd" not in str(error.value)


def test_a_dispatcher_is_taken_where_the_state_is_in_postgresql() -> None:
    text = '[state]\nurl = "${STATE_URL}"\n[daemon]\ndispatcher = "procrastinate"'
    for url in ("postgresql://u:p@host/db", "postgres://host/db", "postgresql+psycopg2://host/db"):
        assert parse(text, FILE, {"STATE_URL": url}).daemon.dispatcher is Dispatcher.PROCRASTINATE
    assert parse(text, FILE, {}).missing, "what is not set yet is not judged"
    assert parse("", FILE, {}).daemon.dispatcher is Dispatcher.DATABASE
