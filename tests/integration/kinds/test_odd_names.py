"""Windows and packs read every name and value of a contract literally, whatever it is, on every kind of warehouse."""

from pathlib import Path
from typing import Any

from monitor.domain.scan import CheckResult
from monitor.engines.base import Engine
from tests.conftest import Warehouse
from tests.contracts import by_id, contract, scan
from tests.integration.test_literal_text import as_yaml

ODD = ("n", "k1", "moment", "select", "it's {{ 7*7 }}", 'a"b ${HOME}', "ñ.😀 {% if %}", "%s -- \\ ;\n\u2028")
"""Words of our own SQL, of SQL itself, and what would start templates, quotes, escapes or comments."""


BASIC = "\uffff"


def odd_names(warehouse: Warehouse) -> tuple[str, ...]:
    """Return the names that a warehouse allows: MySQL's have no character beyond the basic plane."""
    if warehouse.settings.type != "mysql":
        return ODD
    return tuple("".join(char for char in name if char <= BASIC) for name in ODD)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def planted(name: str) -> str:
    value = "'" + name.replace("'", "''") + "'"
    return f"""
        CREATE TABLE {quoted(name)} ({quoted(name)} text, {quoted(f"{name}_begin")} timestamp, {quoted(f"{name}_end")} text);
        INSERT INTO {quoted(name)} VALUES ({value}, now() - interval '2 days', {value}),
          ({value}, now() - interval '1 hour', {value}), (NULL, NULL, NULL);
        """


def rules(name: str) -> list[dict[str, Any]]:
    asked = {
        "current": {"metric": "currentRowPerKey", "key": "key", "validTo": "end", "openEnd": name},
        "gaps": {"metric": "gapsInSeries", "element": "begin", "step": "1h", "series": ["key"]},
        "orphans": {"metric": "orphanedFacts", "key": "end", "dimension": "t0.key"},
        "keyless": {"metric": "factsWithoutKey", "key": ["key", "end"]},
        "overlaps": {"metric": "overlappingPeriods", "key": "key", "validFrom": "begin", "validTo": "begin"},
        "apart": {"metric": "gapsBetweenPeriods", "key": "key", "validFrom": "begin", "validTo": "begin"},
        "difference": {"metric": "rowCountDifference", "other": "t0"},
    }
    return [{"id": id_, "type": "custom", "engine": "pactwatch", "implementation": told} for id_, told in asked.items()]


def dataset(number: int, name: str) -> dict[str, Any]:
    return {
        "name": f"t{number}",
        "physicalName": quoted(name),
        "customProperties": [{"property": "checkWindow", "value": {"element": "begin", "last": "1d"}}],
        "quality": [{"metric": "rowCount", "mustBe": 2}, *rules(name)],
        "properties": [
            {"name": "key", "physicalName": quoted(name), "required": True},
            {"name": "begin", "physicalName": quoted(f"{name}_begin"), "physicalType": "timestamp"},
            {"name": "end", "physicalName": quoted(f"{name}_end")},
        ],
    }


def verified(engine: Engine, folder: Path, names: tuple[str, ...]) -> dict[str, CheckResult]:
    objects = as_yaml([dataset(number, name) for number, name in enumerate(names)])
    return by_id(scan(engine, contract(folder, f"schema: {objects}\n", api="v3.1.0"), samples=3))


def test_windows_and_packs_take_every_name_and_value_literally(
    engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    names = odd_names(warehouse)
    for name in names:
        warehouse.rows(planted(name))

    found = verified(engine, tmp_path, names)

    for number, name in enumerate(names):
        told = {
            id_: found[f"t{number}.{id_}"] for id_ in ("row-count", "key.not-null", *(r["id"] for r in rules(name)))
        }
        assert {id_: result.measured for id_, result in told.items()} == {
            "row-count": 2,  # the one of no moment too
            "key.not-null": 1,
            "current": 1,  # both rows are current
            "gaps": 1,
            "orphans": 0 if number == 0 else 2,
            "keyless": 1,
            "overlaps": 0,
            "apart": 1,
            "difference": 0,
        }, (name, [result.reason for result in told.values()])
        assert told["key.not-null"].rows == 2
        assert told["gaps"].sample is not None
        assert told["gaps"].sample.rows[0][0] == name
