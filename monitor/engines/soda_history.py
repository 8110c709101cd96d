"""Earlier measurements of ours where Soda would ask its cloud: its checks that compare runs need nothing else of one.

Soda asks `get_historic_data` for each of them and offers everything to `send_scan_results` at the end (soda-core 3.5.6,
`scan.py`); the other names are what it looks for on the way.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitor.domain.check import plain
from monitor.domain.scan import Earlier, Measurement

_WEEK = timedelta(days=7)
_AGGREGATES: Mapping[str, Any] = {"avg": lambda values: sum(values) / len(values), "min": min, "max": max}
_DIGITS = 6
_TOLD = 10
"""So many columns are named; the rest is counted."""


class LocalHistory:
    """Serves one check of one scan, takes what it measured, and says in words what was compared with what."""

    host = "pactwatch"

    def __init__(self, earlier: Sequence[Earlier], today: date | None = None) -> None:
        """Serve these measurements, latest first. `today` in UTC is what "the same day last week" counts from."""
        self._earlier = earlier
        self._today = today or datetime.now(UTC).date()
        self._compared: tuple[Decimal, str, bool] | None = None
        self.soda_cloud_trace_ids: dict[str, str] = {}
        self.taken: Measurement | None = None
        self.is_empty = False
        self.told = ""

    @property
    def is_undefined(self) -> bool:
        """Say whether a percentage was asked for of an earlier 0."""
        return self._compared is not None and self._compared[2] and not self._compared[0]

    def is_samples_disabled(self) -> bool:
        """Keep Soda from sending failing rows anywhere."""
        return True

    def get_check_attributes_schema(self) -> list[dict[str, object]]:
        """Return no attributes: they are labels for the cloud."""
        return []

    def get_historic_data(self, descriptor: Any) -> dict[str, Any]:  # noqa: ANN401 - Soda's own
        """Return the one value that a check compares with, in the shape of the cloud's answer."""
        known = [each for each in self._earlier if each.measurement.metric == descriptor.metric_identity]
        wanted = descriptor.change_over_time_cfg
        if wanted.same_day_last_week:
            day = self._today - _WEEK
            known = [each for each in known if each.at.astimezone(UTC).date() == day][:1]
        else:
            known = known[: wanted.last_measurements or 1]
        self.is_empty = not known
        if not known:
            return {"measurements": {"results": []}}
        latest = known[0].measurement.value
        if isinstance(latest, tuple):
            columns = [{"columnName": name, "sourceDataType": kind} for name, kind in latest]
            return {"measurements": {"results": [{"value": columns}]}}
        numbers = [each.measurement.value for each in known if isinstance(each.measurement.value, Decimal)]
        value = Decimal(_AGGREGATES[wanted.last_aggregation or "min"](numbers))
        at = f"{known[0].at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        several = f"the {wanted.last_aggregation} of the last {len(known):,} measurements"
        self._compared = (value, at if len(known) == 1 else several, wanted.percent)
        return {"measurements": {"results": [{"value": _number(value)}]}}

    def send_scan_results(self, scan: Any) -> None:  # noqa: ANN401 - Soda's own
        """Take what the check measured, for later runs to compare with."""
        for check in scan._checks:  # noqa: SLF001 - there is no public way to a metric's identity
            asked = {each.metric_identity for each in check.historic_descriptors.values()}
            for metric in check.metrics.values():
                if metric.identity in asked:
                    self._take(metric)
            self.told = self._words(check)

    def _take(self, metric: Any) -> None:  # noqa: ANN401 - Soda's own
        match metric.value:
            case list() as columns:
                value = tuple((str(each["name"]), str(each["type"])) for each in columns)
                self.taken = Measurement(metric=metric.identity, value=value)
            case bool() | None:
                return
            case int() | float() | Decimal() as number:
                self.taken = Measurement(metric=metric.identity, value=Decimal(str(number)))

    def _words(self, check: Any) -> str:  # noqa: ANN401 - Soda's own
        if self._compared is not None and self.taken is not None and isinstance(self.taken.value, Decimal):
            value, which, _ = self._compared
            told = f"{plain(self.taken.value)} now, {plain(round(value, _DIGITS))} was {which}"
            return f"{told}: of 0 there is no percentage" if self.is_undefined else told
        found = getattr(check, "fail_result", None) or getattr(check, "warn_result", None)
        return "" if found is None else _changes(found)


def _number(value: Decimal) -> int | float:
    """Return a number as Soda counts: it subtracts whole numbers exactly, all others as floats."""
    return int(value) if value == value.to_integral_value() else float(value)


def _changes(found: Any) -> str:  # noqa: ANN401 - Soda's own
    """Name the columns that changed, by the four ways that Soda knows, and those that are missing or not allowed."""
    told = [
        *(f"{name} is new" for name in found.column_additions),
        *(f"{name} is gone" for name in found.column_deletions),
        *(
            f"{name}: {change['previous_type']} → {change['new_type']}"
            for name, change in found.column_type_changes.items()
        ),
        *(
            f"{name} moved from place {change['previous_index'] + 1} to {change['new_index'] + 1}"
            for name, change in found.column_index_changes.items()
        ),
        *(f"{name} is missing" for name in found.missing_column_names),
        *(f"{name} is not allowed" for name in found.present_column_names),
    ]
    more = [f"{len(told) - _TOLD:,} more"] if len(told) > _TOLD else []
    return ", ".join([*told[:_TOLD], *more])
