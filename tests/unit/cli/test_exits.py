from dataclasses import replace

import pytest

from monitor.cli.exits import exit_code, meaning
from monitor.domain.scan import Run, Verdict
from tests.runs import BROKEN, DEAD, EXTRA, KEPT, run_of

SHADOW = replace(BROKEN, shadow=True)
WARNED = run_of((*KEPT.scan.results, EXTRA))


@pytest.mark.parametrize(
    ("runs", "invalid", "code"),
    [
        ([KEPT], False, 0),
        ([KEPT, WARNED], False, 0),
        ([BROKEN, DEAD], True, 1),
        ([KEPT, DEAD], True, 2),
        ([KEPT, DEAD], False, 3),
        ([KEPT, SHADOW], False, 0),
    ],
)
def test_a_broken_promise_outranks_an_invalid_file_and_that_what_is_unknown(
    runs: list[Run], invalid: bool, code: int
) -> None:
    assert exit_code(runs, invalid=invalid) == code


def test_a_shadow_run_that_was_named_counts() -> None:
    assert exit_code([SHADOW, KEPT], invalid=False, named={(SHADOW.contract, SHADOW.version)}) == 1


def test_nothing_but_shadows_is_not_kept() -> None:
    assert exit_code([replace(KEPT, shadow=True)], invalid=False) == 3


def test_a_warning_fails_only_where_that_was_asked_for() -> None:
    assert exit_code([WARNED], invalid=False, fail_on_warn=True) == 1
    assert meaning(1, Verdict.KEPT) == "a warning, and --fail-on warn was asked for"
    assert meaning(1, Verdict.BROKEN) == "a promise is broken"
