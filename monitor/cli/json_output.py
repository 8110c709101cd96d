"""All runs as one JSON document, described by `docs/verify.schema.json`."""

from collections.abc import Sequence

from monitor.cli.exits import Named, overall
from monitor.domain.scan import Run
from monitor.errors import ContractError
from monitor.exact_json import encode
from monitor.objects import SCHEMA_VERSION, run_object


def document(runs: Sequence[Run], invalid: Sequence[ContractError], *, named: Named = ()) -> str:
    """Return the document of `verify --format json`: the verdict over all, every run, every invalid file."""
    return encode(
        {
            "schema_version": SCHEMA_VERSION,
            "verdict": overall(runs, invalid=bool(invalid), named=named),
            "runs": [run_object(run) for run in runs],
            "invalid": [{"file": error.file, "problems": list(error.problems)} for error in invalid],
        }
    )
