"""What a dialect cannot say is skipped with the reason, check by check, and never sent to a server."""

from decimal import Decimal
from pathlib import Path

import pytest

from monitor.checks import postgres
from monitor.checks.plan import compile_plan, never_checked
from monitor.checks.sodacl import compiled_file
from monitor.checks.unsupported import UnsupportedError
from monitor.domain.check import CheckPlan, NotChecked
from tests.contracts import contract

BODY = """\
schema:
  - name: t
    customProperties: [{property: checkWindow, value: {element: at, last: P7D}}]
    quality: [{type: sql, query: "SELECT COUNT(*) FROM {object} WHERE n = 'a{object}'", mustBe: 0}]
    properties:
      - {name: k, primaryKey: true}
      - {name: n, required: true, unique: true, logicalType: number, logicalTypeOptions: {multipleOf: 2, minimum: 0}}
      - {name: at, logicalType: timestamp}
"""


def _plan(folder: Path) -> CheckPlan:
    return compile_plan(contract(folder, BODY), "postgres")


def _skipped(plan: CheckPlan) -> dict[str, str]:
    found = [(check.id, probe) for check in plan.checks for probe in check.probes]
    return {name: probe.reason for name, probe in found if isinstance(probe, NotChecked)}


def _refuse(monkeypatch: pytest.MonkeyPatch, function: str, reason: str) -> None:
    def cannot(*_: object) -> str:
        raise UnsupportedError(reason)

    monkeypatch.setattr(postgres, function, cannot)


def test_only_the_check_that_needs_it_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _plan(tmp_path)
    _refuse(monkeypatch, "no_multiple", "this server has no remainder")

    after = _plan(tmp_path)

    assert _skipped(before) == {}
    assert _skipped(after) == {"t.n.multiple-of": "unsupported: this server has no remainder"}
    assert [check.id for check in after.checks] == [check.id for check in before.checks]
    assert any("t.n.multiple-of: unsupported: this server" in words for _, words in never_checked(after))


def test_a_window_that_cannot_be_said_skips_the_rules_that_look_through_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse(monkeypatch, "interval", "it has no intervals")

    plan = _plan(tmp_path)

    assert _skipped(plan) == dict.fromkeys(
        ("t.n.not-null", "t.n.range", "t.n.multiple-of"), "unsupported: it has no intervals"
    )
    assert "filter" not in compiled_file(plan)
    assert "\0" not in compiled_file(plan)


def test_a_name_that_cannot_be_said_skips_all_that_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def quoted(name: str) -> str:
        if name == "n":
            raise UnsupportedError("no such name")
        return f'"{name}"'

    monkeypatch.setattr(postgres, "identifier", quoted)

    skipped = _skipped(_plan(tmp_path))
    assert skipped == dict.fromkeys(
        ("t.n.not-null", "t.n.unique", "t.n.range", "t.n.multiple-of"), "unsupported: no such name"
    )


def test_rows_that_cannot_be_asked_for_are_not_shown_and_the_check_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quoted(name: str) -> str:
        if name == "k":
            raise UnsupportedError("no such name")
        return f'"{name}"'

    monkeypatch.setattr(postgres, "identifier", quoted)

    plan = _plan(tmp_path)
    (required,) = (check for check in plan.checks if check.id == "t.n.not-null")

    assert not any(isinstance(probe, NotChecked) for probe in required.probes)
    assert required.offenders is None


def test_what_another_error_says_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str, of: Decimal) -> str:
        raise ValueError(of)

    monkeypatch.setattr(postgres, "no_multiple", broken)

    with pytest.raises(ValueError, match="2"):
        _plan(tmp_path)
