"""Servers of type `spark` in `pactwatch.toml`, and what is said where Spark is not installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from monitor.engines.warehouses import spark_jvm
from monitor.engines.warehouses.base import Unreachable, Unsupported
from monitor.engines.warehouses.spark_files import format_of, places_of
from monitor.errors import SettingsError
from monitor.settings import ServerSettings
from monitor.settings_file import parse


def server(text: str) -> ServerSettings:
    return parse(f'[servers.s]\ntype = "spark"\n{text}', Path("/etc/pactwatch/pactwatch.toml"), {}).servers["s"]


def test_a_server_is_local_spark_and_its_catalogue_unless_said_otherwise() -> None:
    plain = server('schema = "shop"')
    assert (plain.master, plain.path, plain.schema) == ("local[*]", None, "shop")
    assert server('path = "lake"\nformat = "parquet"').path == "/etc/pactwatch/lake"
    assert server('path = "s3a://bucket/{table}"\nmaster = "spark://host:7077"').path == "s3a://bucket/{table}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('host = "h"', "host: a server of type spark has none"),
        ('format = "csv"', "path is missing"),
        ('master = "--conf x"', "servers.s.master"),
    ],
)
def test_what_spark_has_not_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        server(text)
    with pytest.raises(SettingsError, match="master is for servers of type spark, not postgres"):
        parse('[servers.s]\nmaster = "local"', Path("pactwatch.toml"), {})


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="Spark is installed here")
def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(Unreachable, match=r"soda-core-spark-df is not installed: pip install 'pactwatch\[spark\]'"):
        spark_jvm.machine_of(ServerSettings(name="s", type="spark"))


@pytest.mark.parametrize("name", ["../t", "t/../../etc", "*", "{table}", "..", "", "t\0"])
def test_a_table_s_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.parquet").touch()
    assert places_of(str(tmp_path), "parquet", name, is_only=True) == ()
    assert places_of(f"s3a://bucket/{tmp_path}/{{table}}", "parquet", name, is_only=True) == ()
    assert places_of(str(tmp_path), "parquet", "t", is_only=True) == (str(tmp_path / "t.parquet"),)


def test_a_format_is_said_or_seen() -> None:
    assert format_of("a/{table}.csv", None) == "csv"
    assert format_of("a", "Delta") == "delta"
    with pytest.raises(Unsupported, match="expected parquet, csv, json, delta"):
        format_of("a", "orc")
