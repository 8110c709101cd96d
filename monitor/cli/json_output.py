r"""All runs as one JSON document, described by `docs/verify.schema.json`.

Numbers stay exact: a measured `Decimal` is written by its own digits, which JSON allows and `json.dumps` cannot do
(it would go through a binary float: 0.1 + 9007199254740993 would come out as other numbers). Hence the small encoder
here. NaN and infinities, which JSON has no word for, become null. Text is pure ASCII with `\u` escapes, so that no
value of a table can steer the terminal which shows it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from monitor import words
from monitor.cli.exits import Named, overall
from monitor.domain.check import plain
from monitor.domain.scan import CheckResult, Outcome, Run, Sample
from monitor.errors import ContractError

if TYPE_CHECKING:
    from monitor.store.values import AlertRecord

SCHEMA_VERSION = 1
_LONGEST = 60

Json = str | int | float | Decimal | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""What the encoder writes."""


def document(
    runs: Sequence[Run],
    invalid: Sequence[ContractError],
    *,
    named: Named = (),
    alerts: "Sequence[AlertRecord]" = (),
) -> str:
    """Return the document of `verify --format json`: the verdict over all, every run, every invalid file, who heard."""
    return encode(
        {
            "schema_version": SCHEMA_VERSION,
            "verdict": overall(runs, invalid=bool(invalid), named=named),
            "runs": [run_object(run) for run in runs],
            "invalid": [{"file": error.file, "problems": list(error.problems)} for error in invalid],
            "alerts": [
                {
                    "id": each.alert.id,
                    "destination": each.alert.destination,
                    "kind": each.alert.kind,
                    "state": each.state,
                }
                for each in alerts
            ],
        }
    )


def run_object(run: Run) -> dict[str, Json]:
    """Return one run."""
    return {
        "run_id": run.run_id,
        "contract": run.contract,
        "version": run.version,
        "fingerprint": run.fingerprint,
        "file": run.file,
        "server": run.server,
        "location": run.location,
        "verdict": run.verdict,
        "shadow": run.shadow,
        "started_at": utc(run.scan.started_at),
        "finished_at": utc(run.scan.finished_at),
        "counts": {outcome: run.count(outcome) for outcome in Outcome},
        "results": [result_object(result) for result in run.scan.results],
    }


def _told(record: "AlertRecord") -> dict[str, Json]:
    alert = record.alert
    return {"id": alert.id, "destination": alert.destination, "kind": alert.kind, "state": record.state}


def result_object(result: CheckResult) -> dict[str, Json]:
    """Return one result."""
    check = result.check
    return {
        "check": check.id,
        "name": check.name,
        "dataset": check.dataset,
        "columns": check.columns,
        "kind": check.kind,
        "dimension": check.dimension,
        "severity": check.severity,
        "outcome": result.outcome,
        "measured": result.measured,
        "expected": check.expected,
        "unit": check.unit,
        "reason": words.sentence(result),
        "rows": result.rows,
        "sql": result.sql,
        "seconds": result.seconds,
        "offending": result.offending,
        "sample": _sample(result.sample),
        "business_impact": check.impact,
        "line": check.line or None,
    }


def encode(value: Json, indent: int = 2) -> str:
    """Return a value as indented JSON with exact numbers and a line end."""
    return "".join(_pieces(value, "\n", " " * indent)) + "\n"


def _pieces(value: Json, line: str, step: str) -> Iterator[str]:
    """Yield the JSON of a value; `line` is a line end with the indentation that it stands at."""
    match value:
        case Mapping() if value:
            yield from _items(("{", "}"), ((f"{json.dumps(key)}: ", item) for key, item in value.items()), line, step)
        case Decimal():
            yield _exact(value)
        case Sequence() if value and not isinstance(value, str):
            yield from _items(("[", "]"), (("", item) for item in value), line, step)
        case _:
            yield json.dumps(value, allow_nan=False)


def _items(ends: tuple[str, str], items: Iterator[tuple[str, Json]], line: str, step: str) -> Iterator[str]:
    """Yield the items of an object or array between its ends, one a line."""
    inside, before = line + step, ends[0]
    for key, item in items:
        yield f"{before}{inside}{key}"
        yield from _pieces(item, inside, step)
        before = ","
    yield f"{line}{ends[1]}"


def _exact(number: Decimal) -> str:
    """Return a number's own digits; with an exponent only where plain digits would fill a page."""
    if not number.is_finite():
        return "null"
    return plain(number) if abs(number.adjusted()) <= _LONGEST else str(number)


def _sample(sample: Sample | None) -> Json:
    """Return sample rows, null when there are none."""
    return None if sample is None else {"columns": sample.columns, "rows": sample.rows}


def utc(moment: datetime) -> str:
    """Return an aware moment as RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
