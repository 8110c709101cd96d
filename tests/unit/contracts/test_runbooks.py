"""What to do when a promise is broken: the contract says where it is written, and that is no promise itself."""

from pathlib import Path

from monitor.checks.plan import compile_plan
from monitor.checks.sodacl import render
from monitor.domain.runbook import Runbook
from tests.contracts import contract

BODY = """\
schema:
  - name: orders
    properties:
      - name: id
        required: true
        unique: true
        logicalType: integer
        {column}
        quality:
          - metric: nullValues
            mustBe: 0
            id: no-gaps
            {rule}
      - {{name: amount, logicalType: integer}}
    {dataset}
slaProperties:
  - property: freshness
    element: orders.amount
    value: 1
    unit: h
    {level}
{contract}
"""
NONE = dict.fromkeys(("column", "rule", "dataset", "level", "contract"), "")


def book(page: str) -> str:
    return f"authoritativeDefinitions: [{{type: runbook, url: 'https://wiki.example.com/{page}'}}]"


def test_the_nearest_runbook_is_the_one_of_a_check(tmp_path: Path) -> None:
    promised = contract(tmp_path, BODY.format(**{level: book(level) for level in NONE}))
    pages = {
        check.id: check.runbook.url.rpartition("/")[2] if check.runbook else None
        for check in compile_plan(promised, "postgres").checks
    }
    assert pages["orders.id.no-gaps"] == "rule"
    assert pages["orders.id.not-null"] == "column"
    assert pages["orders.schema"] == pages["orders.amount.column-type"] == "dataset"
    assert pages["orders.amount.freshness"] == "level"
    bare = contract(tmp_path, BODY.format(**{**NONE, "contract": book("contract")}))
    assert {check.runbook for check in compile_plan(bare, "postgres").checks} == {
        Runbook(url="https://wiki.example.com/contract")
    }


def test_a_runbook_changes_neither_meaning_nor_ids_nor_what_runs(tmp_path: Path) -> None:
    plain = contract(tmp_path, BODY.format(**NONE))
    told = contract(tmp_path, BODY.format(**{level: book(level) for level in NONE}))
    assert plain.meaning == told.meaning
    before, after = compile_plan(plain, "postgres"), compile_plan(told, "postgres")
    assert [check.id for check in before.checks] == [check.id for check in after.checks]
    assert [check.probes for check in before.checks] == [check.probes for check in after.checks]
    assert render(before, before.checks) == render(after, after.checks)


def test_only_a_page_of_the_web_is_linked_to(tmp_path: Path) -> None:
    for url in ("javascript:alert(1)", "file:///etc/passwd", "wiki/orders", "https://a b"):
        text = f"authoritativeDefinitions: [{{type: runbook, url: '{url}'}}]"
        promised = contract(tmp_path, BODY.format(**{**NONE, "contract": text}))
        assert promised.runbook is None
        assert any("authoritativeDefinitions" in each and "not linked to" in each for each in promised.remarks)


def test_the_first_of_two_runbooks_counts_and_its_words_are_kept(tmp_path: Path) -> None:
    definitions = """\
authoritativeDefinitions:
  - {type: glossary, url: 'https://wiki.example.com/words'}
  - {type: Runbook, url: 'https://wiki.example.com/1', description: reload airports}
  - {type: runbook, url: 'https://wiki.example.com/2'}
"""
    promised = contract(tmp_path, BODY.format(**{**NONE, "contract": definitions}))
    assert promised.runbook == Runbook(url="https://wiki.example.com/1", summary="reload airports")
    assert any("first runbook only" in each for each in promised.remarks)
