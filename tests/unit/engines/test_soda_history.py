"""What a check that compares runs is told of earlier ones."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.domain.scan import Earlier, Measurement
from monitor.engines.soda_history import LocalHistory

TODAY = date(2026, 3, 31)
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


def earlier(*values: int, metric: str = "m", every: timedelta = timedelta(days=1)) -> tuple[Earlier, ...]:
    """Measurements, latest first, the latest of them one step ago."""
    return tuple(
        Earlier(at=NOON - place * every, measurement=Measurement(metric=metric, value=Decimal(value)))
        for place, value in enumerate(values, 1)
    )


def asked(history: LocalHistory, **how: Any) -> Any:
    wanted = {"last_measurements": None, "last_aggregation": None, "same_day_last_week": False, "percent": False, **how}
    answer = history.get_historic_data(
        SimpleNamespace(metric_identity="m", change_over_time_cfg=SimpleNamespace(**wanted))
    )
    results = answer["measurements"]["results"]
    return results[0]["value"] if results else None


def measured(value: int) -> Any:
    """A check of Soda's with its metric measured."""
    descriptors = {"earlier": SimpleNamespace(metric_identity="m")}
    return SimpleNamespace(
        historic_descriptors=descriptors, metrics={"m": SimpleNamespace(identity="m", value=value)}, fail_result=None
    )


@pytest.mark.parametrize(
    ("how", "value"),
    [
        ({"last_measurements": 1, "last_aggregation": "min"}, 10),
        ({"last_measurements": 3, "last_aggregation": "avg"}, 20),
        ({"last_measurements": 3, "last_aggregation": "min"}, 10),
        ({"last_measurements": 3, "last_aggregation": "max"}, 30),
        ({"last_measurements": 99, "last_aggregation": "max"}, 70),
        ({"same_day_last_week": True}, 70),
    ],
)
def test_soda_is_told_one_value_of_as_many_runs_as_it_asks_for(how: dict[str, Any], value: int) -> None:
    assert asked(LocalHistory(earlier(10, 20, 30, 40, 50, 60, 70), TODAY), **how) == value


def test_an_average_is_told_in_few_digits() -> None:
    history = LocalHistory(earlier(1, 1, 2), TODAY)
    asked(history, last_measurements=3, last_aggregation="avg")
    history.send_scan_results(SimpleNamespace(_checks=[measured(5)]))

    assert history.told == "5 now, 1.333333 was the avg of the last 3 measurements"


def test_of_an_earlier_zero_there_is_no_percentage() -> None:
    history = LocalHistory(earlier(0), TODAY)
    asked(history, last_measurements=1, last_aggregation="min", percent=True)
    history.send_scan_results(SimpleNamespace(_checks=[measured(5)]))

    assert history.is_undefined
    assert history.told.endswith("of 0 there is no percentage")


def test_another_day_is_not_the_same_day_last_week() -> None:
    history = LocalHistory(earlier(1, 2, 3, 4, 5, 6), TODAY)

    assert asked(history, same_day_last_week=True) is None
    assert history.is_empty


def test_measurements_of_another_metric_are_not_compared_with() -> None:
    history = LocalHistory((*earlier(1, 2, metric="other"), *earlier(3)), TODAY)

    assert asked(history, last_measurements=1, last_aggregation="min") == 3


def test_columns_come_back_as_soda_names_them() -> None:
    columns = Measurement(metric="m", value=(("id", "integer"), ("note", "text")))
    history = LocalHistory([Earlier(at=NOON, measurement=columns)], TODAY)

    assert asked(history) == [
        {"columnName": "id", "sourceDataType": "integer"},
        {"columnName": "note", "sourceDataType": "text"},
    ]
