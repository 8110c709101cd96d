"""Text of a contract reaches DuckDB literally, whatever it is: in names, values, patterns and keys."""

import json
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.scan import Outcome
from monitor.engines.process import Nursery
from monitor.engines.soda import SodaEngine
from monitor.settings import ServerSettings
from tests.contracts import by_id, contract, scan
from tests.integration.test_literal_text import NAMES, SPICES, TEXTS, as_yaml, escaped


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def hold(nursery: Nursery, folder: Path, names: list[str], texts: list[str]) -> None:
    """Plant each text once among others, under odd names; hold the counts against SQL with parameters."""
    file = folder / "text.duckdb"
    file.unlink(missing_ok=True)
    objects, wanted = [], {}
    with duckdb.connect(str(file)) as opened:
        for number, name in enumerate(names):
            opened.execute(f"CREATE OR REPLACE TABLE {quoted(name)} ({quoted(name)} VARCHAR, document JSON)")
            rows = [(text, json.dumps({text: 1})) for text in [*texts, "another"]]
            opened.executemany(f"INSERT INTO {quoted(name)} VALUES (?, ?)", rows)
            text = texts[number % len(texts)]
            column = {
                "name": "c",
                "physicalName": quoted(name),
                "logicalType": "string",
                "enum": [{"value": text}],
                "logicalTypeOptions": {"pattern": f"^{escaped(text)}$"},
                "quality": [
                    {"id": "m", "metric": "missingValues", "arguments": {"missingValues": [text]}, "mustBe": 0},
                    {
                        "id": "s",
                        "type": "sql",
                        "query": "SELECT COUNT(*) FROM {object} WHERE {property} IS NOT NULL",
                        "mustBe": 0,
                    },
                ],
            }
            document = {
                "name": "d",
                "physicalName": "document",
                "logicalType": "object",
                "logicalTypeOptions": {"required": [text]},
            }
            objects.append({"name": f"t{number}", "physicalName": quoted(name), "properties": [column, document]})
            same = sum(each == text for each in [*texts, "another"])
            total = len(texts) + 1
            wanted |= {
                f"t{number}.c.enum": total - same,
                f"t{number}.c.pattern": total - same,
                f"t{number}.c.m": same,
                f"t{number}.c.s": total,
                f"t{number}.d.required-properties": total - same,
            }
    server = ServerSettings(name="text", type="duckdb", path=str(file))
    promised = contract(folder, f"schema: {as_yaml(objects)}\n", api="v3.1.0")
    found = by_id(scan(SodaEngine(server, nursery), promised, samples=1))
    assert {
        check: (found[check].measured, found[check].reason)
        for check in wanted
        if found[check].measured != wanted[check]
    } == {}
    assert all(found[f"t{number}.schema"].outcome is Outcome.PASS for number in range(len(names)))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(NAMES, min_size=1, max_size=3, unique_by=str.casefold), texts=st.lists(TEXTS, min_size=1, max_size=4)
)
def test_any_text_is_only_text(nursery: Nursery, tmp_path: Path, names: list[str], texts: list[str]) -> None:
    hold(nursery, tmp_path, names, texts)


def test_every_spice_alone_is_only_text(nursery: Nursery, tmp_path: Path) -> None:
    names = [name for name in SPICES if name.casefold() == name]
    hold(nursery, tmp_path, names[:: len(names) // 12 + 1], SPICES)
