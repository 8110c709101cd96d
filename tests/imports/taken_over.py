"""What Pactwatch finds with contracts that were imported from other tools: four shops, every promise in each."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.program import Program
from tests.conftest import Postgres, Warehouse, fresh_database

HERE = Path(__file__).parent
SHOP = HERE / "shop"
SHOPS = ("kept", "broken", "nulls", "empty")
"""Databases of the same tables: all is kept, all is broken, NULL wherever it can stand, no rows."""


@dataclass(frozen=True)
class Said:
    """What one tool said of one promise: `kept`, `warned`, `broken` or `undecided`, and of how many rows (or values) if it tells."""

    verdict: str
    count: int | None


@contextmanager
def shops(postgres: Postgres, *, built: bool) -> Iterator[Mapping[str, Warehouse]]:
    """Provide the four databases; `built` also has what dbt would build over the raw tables."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(fresh_database(postgres)) for name in SHOPS}
        for name, warehouse in found.items():
            files = ["tables", *([name] if name != "empty" else [])]
            for file in [*files, *(["built"] if built else [])]:
                warehouse.rows((SHOP / f"{file}.sql").read_text(encoding="utf-8"))
        if built:
            found["broken"].rows((SHOP / "broken_built.sql").read_text(encoding="utf-8"))
            assert _columns(found["broken"]) - _columns(found["kept"]) == {"gx_customers.unexpected"}
            assert _columns(found["kept"]) - _columns(found["broken"]) == {"gx_orders.channel", "soda_payments.fee"}
        yield found


def _columns(shop: Warehouse) -> set[str]:
    told = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    return {".".join(row) for row in shop.rows(told)}


def imported(folder: Path, shops: Mapping[str, Warehouse]) -> Program:
    """Import what all three tools were told into one folder, with a server for each shop."""
    program = Program(folder=folder, warehouse=shops["kept"])
    servers = [Program(folder=folder, warehouse=shop, environment=program.environment) for shop in shops.values()]
    texts = [each.server(name) for each, name in zip(servers, shops, strict=True)]
    program.write("pactwatch.toml", "".join(texts) + '[http]\nbind = "127.0.0.1:0"\n')
    for tool, path in (("dbt", HERE / "dbt/models"), ("gx", HERE / "gx"), ("sodacl", HERE / "soda")):
        done = program.run("import", tool, str(path))
        assert done.code == 0, done.all
        assert "; 0 not carried over" in done.out, done.out
    return program


def said(program: Program, shop: str) -> dict[str, Said]:
    """Return what Pactwatch says of every promise in a shop, by check id."""
    done = program.run("verify", "--no-record", "--server", shop, "--format", "json")
    assert done.code in {1, 3}, done.err  # drafts that are kept prove nothing yet
    return {each["check"]: _said(each) for run in done.document["runs"] for each in run["results"]}


def _said(result: Mapping[str, Any]) -> Said:
    verdict = {"pass": "kept", "fail": "broken", "warn": "warned"}.get(result["outcome"], "undecided")
    measured = result["measured"]
    is_count = measured is not None and (result["unit"] in {"rows", "keys"} or result["kind"] == "sql")
    return Said(verdict, int(measured) if is_count else None)
