"""`custom` rules of the engine `pactwatch` → Pack: checks that tables of a known shape need, under documented names."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.contracts.findings import shown
from monitor.contracts.identifiers import schema_and_table
from monitor.contracts.node import Node
from monitor.contracts.references import Names
from monitor.domain.check import TableName
from monitor.domain.contract import Scalar
from monitor.domain.duration import Duration, DurationProblem, parse_duration
from monitor.domain.packs import NO_TIME, Balance, Facts, Pack, Periods, Steps

ENGINE = "pactwatch"
PERIODS = ("key", "validFrom", "validTo", "current", "openEnd", "inclusive")
ARGUMENTS_OF = {
    "currentRowPerKey": PERIODS,
    "overlappingPeriods": PERIODS,
    "gapsBetweenPeriods": PERIODS,
    "gapsInSeries": ("element", "step", "tolerance", "series"),
    "rowCountDifference": ("other", "server", "table"),
    "sumDifference": ("property", "other", "server", "table", "column"),
    "orphanedFacts": ("key", "dimension"),
    "factsWithoutKey": ("key",),
}
_MOMENTS = ("date", "timestamp")


def is_of_a_pack(rule: Node) -> bool:
    """Say whether a rule is one of ours."""
    return rule.text("type") == "custom" and (rule.text("engine") or "").strip().lower() == ENGINE


def read_pack(rule: Node, owner: Node, names: Names, comparisons: Sequence[str]) -> Pack | None:
    """Return what a rule of an object asks for; None where something of it is a problem, which is then recorded.

    `comparisons` are the keys that belong to its threshold.
    """
    at = rule.at("implementation")
    metric = at.text("metric")
    if not isinstance(at.value, dict) or metric is None:
        at.problem(f"found {shown(at.value)}, expected a mapping with a metric: {', '.join(ARGUMENTS_OF)}")
        return None
    if metric not in ARGUMENTS_OF:
        known = ", ".join(ARGUMENTS_OF)
        hint = names.hint(metric, list(ARGUMENTS_OF))
        at.at("metric").problem(f"{shown(metric)} is no metric of {ENGINE}, expected one of {known}{hint}")
        return None
    taken = ("metric", *ARGUMENTS_OF[metric], *comparisons)
    for key in at.keys:
        if key not in taken:
            at.at(key).problem(f"{metric} takes no such argument{names.hint(key, taken)}")
    return _Reader(owner=owner, at=at, names=names, dataset=owner.text("name") or "").read(metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    owner: Node
    at: Node
    names: Names
    dataset: str

    def read(self, metric: str) -> Pack | None:
        match metric:
            case "gapsInSeries":
                return self._steps(metric)
            case "rowCountDifference" | "sumDifference":
                return self._balance(metric)
            case "orphanedFacts" | "factsWithoutKey":
                return self._facts(metric)
            case _:
                return self._periods(metric)

    def _periods(self, metric: str) -> Periods | None:
        is_current = metric == "currentRowPerKey"
        key = self._columns("key")
        end = self._moment("validTo", needed=not (is_current and "current" in self.at))
        begin = self._moment("validFrom", needed=not is_current)
        current = self._column("current", kinds=("boolean",)) if "current" in self.at else None
        wanted = [name for name in ("validFrom", "validTo", "current") if name in self.at]
        found = {"validFrom": begin, "validTo": end, "current": current}
        if not key or any(found[name] is None for name in wanted) or (begin is None and not is_current):
            return None
        if end is None and (current is None or not is_current):
            return None
        open_end = self.at.scalar("openEnd")
        return Periods(
            metric=metric,
            key=key,
            valid_from=begin,
            valid_to=end,
            current=current,
            open_end=None if open_end is None else str(open_end),
            is_inclusive=self._inclusive(end),
        )

    def _inclusive(self, end: str | None) -> bool:
        value = self.at.scalar("inclusive")
        if value is not None and not isinstance(value, bool):
            self.at.at("inclusive").problem(f"found {shown(value)}, expected true or false")
        if value is True and end is not None and _is_timestamp(*self._type_of(end)):
            self.at.at("inclusive").problem("a period can end with a whole day only where validTo is a date")
        return value is True

    def _steps(self, metric: str) -> Steps | None:
        element = self._moment("element", needed=True)
        step = self._duration("step", needed=True)
        tolerance = self._duration("tolerance", needed=False)
        series = self._columns("series") if "series" in self.at else ()
        if step is not None and step == NO_TIME:
            self.at.at("step").problem("expected a step that is longer than nothing")
        if element is None or step is None or tolerance is None or series is None:
            return None
        return Steps(metric=metric, element=element, step=step, tolerance=tolerance, series=series)

    def _balance(self, metric: str) -> Balance | None:
        if "server" in self.at:
            return self._far_balance(metric)
        other = self.at.text("other")
        if metric == "rowCountDifference":
            if other is None or other not in self.names.columns:
                hint = self.names.hint(other or "", list(self.names.columns))
                self._wrong("other", f"expected the name of an object of this contract{hint}")
                return None
            return Balance(metric=metric, other=other)
        column = self._column("property")
        found = None if other is None else self.names.resolve(other)
        if found is None or isinstance(found, str):
            self._wrong("other", found or "expected a property of an object, such as staging.amount")
            return None
        if column is None:
            return None
        return Balance(metric=metric, other=found[0], column=column, other_column=found[1])

    def _far_balance(self, metric: str) -> Balance | None:
        """Return the balance with a table of another server, which no object of this contract describes."""
        if "other" in self.at:
            self._wrong("other", "an object of this contract is on the same server; beside server, name its table")
            return None
        is_sum = metric == "sumDifference"
        column = self._column("property") if is_sum else None
        names = ("server", "table", "column") if is_sum else ("server", "table")
        given = {name: (self.at.text(name) or "").strip() for name in names}
        for name, text in given.items():
            if not text:
                self._wrong(name, "expected a name as the other server knows it")
        if not all(given.values()) or (is_sum and column is None):
            return None
        schema, table = schema_and_table(given["table"])
        return Balance(
            metric=metric,
            server=given["server"],
            table=TableName(schema=schema, name=table),
            column=column,
            other_column=given.get("column"),
        )

    def _facts(self, metric: str) -> Facts | None:
        key = self._columns("key")
        if metric == "factsWithoutKey":
            return Facts(metric=metric, key=key) if key else None
        texts = self._texts("dimension")
        ends = [self.names.resolve(text) for text in texts]
        wrong = next((end for end in ends if isinstance(end, str)), None)
        resolved = [end for end in ends if not isinstance(end, str)]
        if wrong or not resolved or len({dataset for dataset, _ in resolved}) != 1:
            self._wrong("dimension", wrong or "expected the key of one dimension, such as customers.id")
            return None
        if not key:
            return None
        if len(key) != len(resolved):
            self._wrong("dimension", f"expected as many properties as key has ({len(key)})")
            return None
        return Facts(
            metric=metric, key=key, dimension=resolved[0][0], dimension_key=tuple(column for _, column in resolved)
        )

    def _texts(self, name: str) -> tuple[str, ...]:
        text = self.at.text(name)
        return (text,) if text is not None else self.at.texts(name)

    def _columns(self, name: str) -> tuple[str, ...] | None:
        """Return the own properties that an argument lists; None where there is none, or one is a problem."""
        texts = self._texts(name)
        if not texts:
            self._wrong(name, f"expected properties of {self.dataset}")
            return None
        found = [self._own(name, text) for text in texts]
        columns = tuple(column for column in found if column is not None)
        return columns if len(columns) == len(found) else None

    def _column(self, name: str, kinds: Sequence[str] = ()) -> str | None:
        text = self.at.text(name)
        if text is None:
            self._wrong(name, f"expected a property of {self.dataset}")
            return None
        column = self._own(name, text)
        if column is None:
            return None
        logical, physical = self._type_of(column)
        fits = logical in kinds if logical else not physical or physical.lower().startswith(tuple(kinds))
        if kinds and not fits:
            self._wrong(name, f"it is of type {shown(logical or physical)}, expected a {' or a '.join(kinds)}")
            return None
        return column

    def _moment(self, name: str, *, needed: bool) -> str | None:
        return self._column(name, _MOMENTS) if needed or name in self.at else None

    def _own(self, name: str, text: str) -> str | None:
        found = self.names.resolve(text, self.dataset)
        if isinstance(found, str) or found[0] != self.dataset:
            self._wrong(name, found if isinstance(found, str) else f"{shown(text)} is no property of {self.dataset}")
            return None
        return found[1]

    def _type_of(self, column: str) -> tuple[str | None, str | None]:
        nodes = (node for node in self.owner.items("properties") if node.text("name") == column)
        return next(((node.text("logicalType"), node.text("physicalType")) for node in nodes), (None, None))

    def _duration(self, name: str, *, needed: bool) -> Duration | None:
        value: Scalar = self.at.scalar(name)
        if value is None and not needed and name not in self.at:
            return NO_TIME
        found = parse_duration(value, None, name)
        if isinstance(found, DurationProblem):
            self._wrong(name, found.text)
            return None
        return found

    def _wrong(self, name: str, text: str) -> None:
        """Record a problem of an argument, at the argument where it is given."""
        is_given = name in self.at
        place = self.at.at(name) if is_given else self.at
        place.problem(text if is_given else f"{name} is missing; {text}")


def _is_timestamp(logical: str | None, physical: str | None) -> bool:
    return (logical or physical or "").strip().lower().startswith(("timestamp", "datetime"))
