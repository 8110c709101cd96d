"""All runs as one JSON document, described by `docs/verify.schema.json`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from monitor.cli.exits import Named, overall
from monitor.domain.scan import Run
from monitor.errors import ContractError
from monitor.exact_json import Json, encode
from monitor.objects import SCHEMA_VERSION, run_object

if TYPE_CHECKING:
    from monitor.store.values import AlertRecord


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
            "alerts": [_told(each) for each in alerts],
        }
    )


def _told(record: "AlertRecord") -> dict[str, Json]:
    alert = record.alert
    return {"id": alert.id, "destination": alert.destination, "kind": alert.kind, "state": record.state}
