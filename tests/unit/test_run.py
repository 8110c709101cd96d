import pytest

from monitor.run import location_of
from monitor.settings import ServerSettings


@pytest.mark.parametrize(
    ("server", "told"),
    [
        (
            {"host": "db.example.com", "port": 5432, "database": "shop", "schema": "public"},
            "shop@db.example.com, schema public",
        ),
        ({"host": "db.example.com", "port": 6432, "database": "shop"}, "shop@db.example.com:6432"),
        ({"host": "/var/run/postgresql", "database": "shop", "schema": "public"}, "shop, schema public"),
        ({"database": "shop"}, "shop"),
        ({"schema": "public"}, "schema public"),
        ({"host": "db"}, "db"),
        ({}, None),
    ],
)
def test_a_run_says_on_which_database_of_which_host_it_looked(server: dict[str, object], told: str | None) -> None:
    assert location_of(ServerSettings(name="warehouse", **server)) == told  # type: ignore[arg-type]
