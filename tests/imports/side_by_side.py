"""Run dbt, Great Expectations (1.x and 0.x) and Soda beside Pactwatch on the same data, and compare test by test.

`make test-import` does it.

Ends with 1 if a verdict or a number of rows is another than `expected` says of both; each difference that is meant
stands there with its reason. `--packages DIR` takes dbt_utils and dbt_expectations from a folder of `dbt deps` in
place of our own words for them.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.conftest import Warehouse, booted
from tests.imports.expected import BROKEN, DBT, GX, SODA, UNDECIDED, Case
from tests.imports.taken_over import HERE, SHOPS, Said, imported, said, shops

STATUS = {"pass": "kept", "success": "kept", "fail": "broken", "warn": "warned", "error": "broken"}
_QUOTED = re.compile("'([^']+)'")
CASES = (*DBT, *GX, *SODA)
FOUND = Mapping[str, Said]


def by_dbt(tools: Path, shop: Warehouse, folder: Path) -> dict[str, Said]:
    """Build the models, run the tests and look at the sources' freshness; a model that dbt refuses is broken."""
    own = shop.settings
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "DBT_PROFILES_DIR": str(folder),
        "SHOP_HOST": str(own.host), "SHOP_PORT": str(own.port), "SHOP_USER": str(own.user),
        "SHOP_PASSWORD": own.password or "", "SHOP_DATABASE": str(own.database),
    }  # fmt: skip

    def run(*command: str, answer: str = "run_results.json") -> list[dict[str, Any]]:
        (folder / "target" / answer).unlink(missing_ok=True)
        done = _run([str(tools / "dbt"), *command], folder, environment)
        path = folder / "target" / answer
        if not path.exists():
            sys.exit(f"dbt {' '.join(command)} did not run:\n{done.stdout}{done.stderr}")
        results: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["results"]
        return results

    built = run("run")
    nodes = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = {**nodes["nodes"], **nodes["sources"]}
    found = {}
    for result in built:
        table = nodes[result["unique_id"]]["alias"]
        if table.startswith("ledger_"):
            found[f"{table} is built"] = Said(STATUS[result["status"]], None)
        elif result["status"] != "success":
            sys.exit(f"dbt did not build {table}: {result['message']}")
    for result in run("test"):
        if result["status"] == "error":
            sys.exit(f"dbt could not run {result['unique_id']}: {result['message']}")
        found[_name_of(nodes, nodes[result["unique_id"]])] = Said(STATUS[result["status"]], result["failures"])
    for result in run("source", "freshness", answer="sources.json"):
        found[f"{nodes[result['unique_id']]['identifier']} freshness"] = Said(STATUS[result["status"]], None)
    return found


def _name_of(nodes: Mapping[str, Any], test: Mapping[str, Any]) -> str:
    """Return `table.column package.test`."""
    metadata = test["test_metadata"]
    column = metadata["kwargs"].get("column_name")
    owner = test["attached_node"]
    table = nodes[owner]["alias"] if owner else _QUOTED.findall(metadata["kwargs"]["model"])[-1]  # a source's own name
    package = f"{metadata['namespace']}." if metadata["namespace"] else ""
    return f"{table}{f'.{column}'.lower().replace(chr(34), '') if column else ''} {package}{metadata['name']}"


def by_gx(tools: Path, shop: Warehouse, folder: Path) -> dict[str, Said]:
    """Run every suite; an expectation that raised is no verdict, and ends the comparison."""
    own = shop.settings
    suites = sorted((HERE / "gx").glob("*.json"))
    secret = f":{own.password}" if own.password else ""
    url = f"postgresql+psycopg2://{own.user}{secret}@localhost/{own.database}?host={own.host}&port={own.port}"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = _run([str(tools / "python"), str(HERE / "run_gx.py"), url, *map(str, suites)], folder, environment)
    if done.returncode:
        sys.exit(f"Great Expectations did not run:\n{done.stderr}")
    found = {}
    for suite in suites:
        asked = json.loads(suite.read_text(encoding="utf-8"))["expectations"]
        for each, told in zip(asked, json.loads(done.stdout)[suite.stem], strict=True):
            kind = (each.get("type") or each["expectation_type"]).removeprefix("expect_").removeprefix("column_")
            column = each["kwargs"].get("column")
            if told["trouble"]:
                sys.exit(f"Great Expectations could not run {kind}: {told['trouble']}")
            worse = "warned" if each.get("severity") == "warning" else "broken"
            name = f"{suite.stem}{f'.{column}' if column else ''} {kind}"
            found[name] = Said("kept" if told["success"] else worse, told["unexpected"])
    return found


def by_soda(shop: Warehouse, folder: Path) -> dict[str, Said]:
    """Run `soda scan` on the file as it is."""
    own = shop.settings
    source = {
        "type": "postgres", "host": own.host, "port": str(own.port), "username": own.user,
        "password": own.password or "", "database": own.database, "schema": "public",
    }  # fmt: skip
    (folder / "configuration.yml").write_text(json.dumps({"data_source shop": source}), encoding="utf-8")
    (folder / ".soda").mkdir(exist_ok=True)
    (folder / ".soda/config.yml").write_text("send_anonymous_usage_stats: false\n", encoding="utf-8")
    soda, checks = str(Path(sys.executable).with_name("soda")), str(HERE / "soda/checks.yml")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONWARNINGS": "ignore"}
    answer = ["-srf", "results.json"]
    _run([soda, "scan", "-d", "shop", "-c", "configuration.yml", *answer, checks], folder, environment)
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))["checks"]
    return {f"{each['table']} {each['name']}": _by_soda(each) for each in told}


def _by_soda(check: Mapping[str, Any]) -> Said:
    value = check["diagnostics"].get("value")
    is_count = "_count(" in check["name"] and value is not None
    return Said(STATUS.get(check["outcome"], "undecided"), int(value) if is_count else None)


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def differences(case: Case, shop: str, tool: FOUND, ours: FOUND) -> Iterator[str]:
    """Yield what is not as it should be: a verdict on either side, or a number that one of them tells."""
    expected, told = case.found[shop], case.told[shop]
    verdict = "kept" if not expected else "warned" if case.warns else "broken"
    theirs, mine = tool[case.test], ours[case.check]
    if (theirs.verdict, mine.verdict) != (verdict, verdict):
        yield f"it says {theirs.verdict}, we say {mine.verdict}, expected {verdict}"
    if told is not None and theirs.count not in {told, None}:
        yield f"it counts {theirs.count}, expected {told}"
    if expected != BROKEN and told is not None and mine.count not in {expected, None}:
        yield f"we count {mine.count}, expected {expected}"


def compared(shop: str, tool: FOUND, ours: FOUND) -> int:
    """Print a line for each test, and return how many are not as they should be."""
    wrong = 0
    for test in sorted((set(tool) - {UNDECIDED[0]}) ^ {case.test for case in CASES}):
        print(f"{shop:7}{test:88}stands in one list only")
        wrong += 1
    for case in CASES:
        told = "; ".join(differences(case, shop, tool, ours))
        wrong += bool(told)
        theirs, mine = _shown(tool[case.test]), _shown(ours[case.check])
        print(f"{shop:7}{case.test:88}{theirs:12}{mine:12}{told}".rstrip())
    undecided = (tool.get(UNDECIDED[0], Said("undecided", None)).verdict, ours[UNDECIDED[1]].verdict)
    print(f"{shop:7}{UNDECIDED[0]:88}{undecided[0]:12}{undecided[1]}")
    return wrong + (undecided[0] != undecided[1])


def changed(shop: str, older: FOUND, newer: FOUND) -> int:
    """Print what Great Expectations 0.x says otherwise than 1.x of the same suites, and return how much that is."""
    wrong = [test for test in sorted(set(older) | set(newer)) if older.get(test) != newer.get(test)]
    for test in wrong:
        print(f"{shop:7}{test:88}0.x: {older.get(test)}, 1.x: {newer.get(test)}")
    return len(wrong)


def main() -> int:
    """Compare in every shop; return 1 if anything differs."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("tools", type=Path, help="bin folder of an environment with dbt and Great Expectations")
    reader.add_argument("older", type=Path, help="bin folder of an environment with Great Expectations 0.x")
    reader.add_argument("--packages", type=Path, help="folder with dbt_utils and dbt_expectations")
    asked = reader.parse_args()
    tools, older, wrong = asked.tools.absolute(), asked.older.absolute(), 0
    print(f"{'shop':7}{'test':88}{'it':12}we")
    with booted() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with shops(server, built=False) as raw, shops(server, built=True) as built:
            program = imported(folder, built)
            for shop in SHOPS:
                project = folder / shop
                shutil.copytree(HERE / "dbt", project)
                if asked.packages:
                    shutil.rmtree(project / "packages")
                    shutil.copytree(asked.packages, project / "packages")
                gx = by_gx(tools, built[shop], folder)
                wrong += changed(shop, by_gx(older, built[shop], folder), gx)
                tool = {**by_dbt(tools, raw[shop], project), **gx}
                wrong += compared(shop, tool | by_soda(built[shop], folder), said(program, shop))
    print(
        f"\n{len(SHOPS) * (len(CASES) + len(GX) + 1)} comparisons, {wrong} differ. Meant, and so expected where all is broken:"
    )
    for case in CASES:
        if case.why:
            print(f"  {case.test}: {case.told['broken']} and {case.found['broken']}: {case.why}")
    return 1 if wrong else 0


def _shown(what: Said) -> str:
    return what.verdict if what.count is None else f"{what.verdict} {what.count}"


if __name__ == "__main__":
    sys.exit(main())
