"""`quality[]` → QualityRule (ODCS data-quality): one operator, the right level, the arguments that a metric needs."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from monitor.contracts.findings import shown
from monitor.contracts.node import Node
from monitor.contracts.packs import ENGINE, is_of_a_pack, read_pack
from monitor.contracts.queries import LONGEST_TOGETHER, query_problem
from monitor.contracts.references import Names
from monitor.contracts.runbooks import read_runbook
from monitor.contracts.schedules import check_schedule
from monitor.contracts.sodacl import as_yaml
from monitor.domain.check import ZERO, Operator, Threshold
from monitor.domain.contract import QualityRule, RuleArguments

DIMENSION_SYNONYMS = {
    "ac": "accuracy",
    "cp": "completeness",
    "cf": "conformity",
    "cs": "consistency",
    "cv": "coverage",
    "tm": "timeliness",
    "uq": "uniqueness",
}
OPERATORS = {
    "mustBe": Operator.EQUAL,
    "mustNotBe": Operator.NOT_EQUAL,
    "mustBeGreaterThan": Operator.GREATER,
    "mustBeGreaterOrEqualTo": Operator.GREATER_OR_EQUAL,
    "mustBeLessThan": Operator.LESS,
    "mustBeLessOrEqualTo": Operator.LESS_OR_EQUAL,
    "mustBeBetween": Operator.BETWEEN,
    "mustNotBeBetween": Operator.NOT_BETWEEN,
}
RANGES = (Operator.BETWEEN, Operator.NOT_BETWEEN)
ARGUMENTS_OF = {
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
    "rowCount": (),
}
COLUMN_METRICS = frozenset({"nullValues", "missingValues", "invalidValues", "duplicateValues"})
OBJECT_METRICS = frozenset({"duplicateValues", "rowCount"})
SEVERITIES = frozenset({"info", "warning", "low", "minor", "error", "high", "critical"})
PERCENT = frozenset({"percent", "percentage", "%"})
ROWS = frozenset({"rows", "row"})
KEYS_OF_TYPE = {
    "library": frozenset({"metric", "rule", "arguments", "validValues", *OPERATORS}),
    "sql": frozenset({"query", *OPERATORS}),
    "custom": frozenset({"engine", "implementation"}),
    "text": frozenset[str](),
}
TYPED_KEYS = frozenset().union(*KEYS_OF_TYPE.values())
LONGEST_PATTERN = 1_000
PATTERNS_TOGETHER = 150_000
"""Characters of patterns that are tried per contract, each counted a hundred longer; the rest are not tried."""


class RuleReader:
    """Reads the rules of one contract. `columns` of a dataset say what object-level arguments may name."""

    def __init__(self, *, is_3_0: bool, dialects: Sequence[str], names: Names) -> None:
        """Remember what all rules of the contract share."""
        self.is_3_0 = is_3_0
        self.dialects = dialects
        self._names = names
        self._budget = LONGEST_TOGETHER
        self._pattern_budget = PATTERNS_TOGETHER

    def read(self, owner: Node, columns: Sequence[str] | None) -> tuple[QualityRule, ...]:
        """Return the rules of an object (with its `columns`) or of a property (`columns` is None), in file order."""
        rules: list[QualityRule] = []
        ids: dict[str, int] = {}
        for node in owner.items("quality"):
            rule = self._rule(node, columns)
            if is_of_a_pack(node):
                rule = self._of_a_pack(rule, node, owner, columns)
            if rule.id is not None and rule.id in ids:
                node.at("id").problem(f"the id {shown(rule.id)} stands here twice; first on line {ids[rule.id]}")
            elif rule.id is not None:
                ids[rule.id] = rule.line
            rules.append(rule)
        return tuple(rules)

    def _rule(self, node: Node, columns: Sequence[str] | None) -> QualityRule:
        kind = self._kind(node)
        schedule, scheduler = check_schedule(node)
        _check_severity(node)
        threshold = self._threshold(node, kind) if kind in ("library", "sql") else None
        metric = node.text("metric") if kind == "library" else None
        arguments = RuleArguments()
        if metric is not None:
            arguments = self._library(node, metric, columns)
        query = node.text("query") if kind == "sql" else None
        if query is not None:
            self._check_query(node.at("query"), query)
        if (
            kind == "sql"
            and columns is not None
            and query is not None
            and ("{property}" in query or "{column}" in query)
        ):
            node.at("query").problem("a rule of an object has no property that its query could name")
        dimension = node.text("dimension")
        return QualityRule(
            id=node.text("id"),
            name=node.text("name"),
            description=node.text("description"),
            type=kind,
            metric=metric,
            arguments=arguments,
            threshold=threshold,
            unit=_unit(node, kind, metric, threshold),
            query=query,
            engine=node.text("engine") if kind == "custom" else None,
            implementation=_implementation(node) if kind == "custom" else None,
            dimension=DIMENSION_SYNONYMS.get(dimension, dimension) if dimension else None,
            severity=node.text("severity"),
            business_impact=node.text("businessImpact"),
            schedule=schedule,
            scheduler=scheduler,
            runbook=read_runbook(node),
            line=node.line,
        )

    def _of_a_pack(self, rule: QualityRule, node: Node, owner: Node, columns: Sequence[str] | None) -> QualityRule:
        if columns is None:
            node.at("engine").problem(f"a rule of {ENGINE} is about an object; move it to the quality of the object")
            return rule
        at = node.at("implementation")
        pack = read_pack(node, owner, self._names, tuple(OPERATORS))
        if pack is None:
            return rule
        has_comparison = any(key in OPERATORS for key in at.keys)
        threshold = self._threshold(at, "library") if has_comparison else ZERO
        unit = _unit(node, "library", pack.metric, threshold)
        return replace(rule, metric=pack.metric, pack=pack, threshold=threshold, unit=unit, implementation=None)

    def _check_query(self, at: Node, query: str) -> None:
        before = self._budget
        self._budget -= len(query) + 100
        if self._budget > 0:
            problem = query_problem(query, self.dialects)
            if problem is not None:
                at.problem(problem)
        elif before > 0:
            at.problem("there is too much SQL in this contract to be checked from here on; split the contract")

    def check_pattern(self, at: Node, pattern: str) -> None:
        """Remark a regular expression that does not even compile here; the server's own dialect decides."""
        self._pattern_budget -= len(pattern) + 100
        if not pattern:
            at.remark("an empty pattern matches everything")
        elif len(pattern) <= LONGEST_PATTERN and self._pattern_budget > 0:
            reason = _pattern_reason(pattern)
            if reason is not None:
                at.remark(f"the pattern may not be a regular expression: {reason}")

    def _kind(self, node: Node) -> str:
        kind = node.text("type")
        if kind not in KEYS_OF_TYPE:
            kind = "library" if "metric" in node else None
        if kind is None:
            for key, meant in (("query", "sql"), ("implementation", "custom")):
                if key in node:
                    node.problem(f"type is missing; expected type: {meant} beside {key}")
                    return meant
            if any(key in node for key in (*OPERATORS, "rule")):
                node.problem("metric is missing")
                return "library"
            node.remark("neither type nor metric is given; read as text that nobody can check")
            return "text"
        for key in node.keys:
            if key in TYPED_KEYS - KEYS_OF_TYPE[kind]:
                report = node.at(key).remark if self.is_3_0 else node.at(key).problem
                report(f"{key} does not belong to a rule of type {kind}")
        return kind

    def _threshold(self, node: Node, kind: str) -> Threshold | None:
        given = [key for key in node.keys if key in OPERATORS]
        if not given and any(key.startswith("must") for key in node.keys):
            return None  # a misspelt comparison has been reported as an unknown key
        if not given:
            text = f"a comparison is missing, expected one of {', '.join(OPERATORS)}"
            if not (self.is_3_0 and kind == "library"):
                node.problem(text)
            return None
        if len(given) > 1:
            node.at(given[1]).problem(f"found {' and '.join(given)}, expected exactly one comparison")
            return None
        operator = OPERATORS[given[0]]
        at = node.at(given[0])
        if operator in RANGES:
            return _range(at, operator)
        number = node.number(given[0])
        if kind == "sql" and isinstance(at.value, bool):
            at.remark("true is read as 1, false as 0; let the query return a number")
            return Threshold(operator=operator, value=Decimal(int(at.value)))
        if number is None:
            at.problem(f"found {shown(at.value)}, expected a number")
            return None
        if number < 0 and kind == "library":
            at.remark("a count is never below 0")
        return Threshold(operator=operator, value=Decimal(number))

    def _library(self, node: Node, metric: str, columns: Sequence[str] | None) -> RuleArguments:
        if metric not in ARGUMENTS_OF:
            return RuleArguments()
        if columns is None and metric not in COLUMN_METRICS:
            node.at("metric").problem(f"{metric} is a metric of an object; it has no meaning for one property")
        if columns is not None and metric not in OBJECT_METRICS:
            node.at("metric").problem(f"{metric} is a metric of a property; move the rule to the property it is about")
        arguments = node.at("arguments")
        _check_argument_names(arguments, metric)
        valid, pattern = arguments.scalars("validValues"), arguments.text("pattern")
        if valid is not None and not valid and metric == "invalidValues":
            arguments.at("validValues").problem("found an empty list, expected the values that are valid")
        if "pattern" in arguments and pattern is None:
            arguments.at("pattern").problem(f"found {shown(arguments.at('pattern').value)}, expected text")
        for key in ("validValues", "missingValues", "properties"):
            _check_list(arguments.at(key), key in arguments)
        if pattern is not None:
            self.check_pattern(arguments.at("pattern"), pattern)
        missing = arguments.scalars("missingValues")
        if metric == "missingValues" and missing is None:
            node.remark("missingValues without arguments.missingValues counts NULL only")
        properties = arguments.texts("properties")
        if columns is not None and metric == "duplicateValues":
            _check_properties(node, arguments, properties, columns)
        return RuleArguments(missing_values=missing or (), valid_values=valid, pattern=pattern, properties=properties)


@lru_cache(maxsize=256)
def _pattern_reason(pattern: str) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            return str(error)[:80]
    return None


def _check_severity(node: Node) -> None:
    severity = node.text("severity")
    if severity is not None and severity.strip().lower() not in SEVERITIES:
        node.at("severity").remark(f"the severity {shown(severity)} is unknown; a broken rule counts as an error")


def _range(at: Node, operator: Operator) -> Threshold | None:
    numbers = [item for item in at.value if isinstance(item, int | Decimal)] if isinstance(at.value, list) else []
    if not isinstance(at.value, list) or len(at.value) != 2 or len(numbers) != 2 or bool in map(type, numbers):  # noqa: PLR2004
        listed = shown(at.value) if not isinstance(at.value, list) else f"[{', '.join(map(shown, at.value[:4]))}]"
        at.problem(f"found {listed}, expected two numbers")
        return None
    low, high = numbers
    if low > high:
        at.problem(f"found [{low}, {high}], expected the lower number first")
        return None
    return Threshold(operator=operator, value=Decimal(low), upper=Decimal(high))


def _unit(node: Node, kind: str, metric: str | None, threshold: Threshold | None) -> str:
    unit = node.text("unit")
    if unit is None:
        return "rows"
    word = unit.strip().lower()
    if kind != "library":
        return "percent" if word in PERCENT else unit
    if word in PERCENT and metric == "rowCount":
        node.at("unit").problem("a row count has no percentage; expected rows")
    elif word in PERCENT:
        if threshold is not None and (threshold.upper or threshold.value) > 100:  # noqa: PLR2004 percent
            node.at("unit").remark("a percentage is never above 100")
        return "percent"
    elif word not in ROWS:
        node.at("unit").remark(f"the unit {shown(unit)} is unknown; read as rows")
    return "rows"


def _implementation(node: Node) -> str | None:
    at, engine = node.at("implementation"), (node.text("engine") or "").strip().lower()
    text = at.value if isinstance(at.value, str) else None if at.value is None else as_yaml(at.value)
    if text is None:
        return None
    if engine == "soda" and "${" in text:
        at.problem("a SodaCL block must not contain ${: it would be run as a template")
    return text


def _check_argument_names(arguments: Node, metric: str) -> None:
    known = sorted({name for names in ARGUMENTS_OF.values() for name in names})
    for key in arguments.keys:
        if key in ARGUMENTS_OF[metric]:
            continue
        hint = arguments.findings.hint(key, known)
        if key in known:
            arguments.at(key).remark(f"{metric} does not use it")
        elif hint:
            arguments.at(key).problem(f"there is no such argument{hint}")
        else:
            arguments.at(key).remark("there is no such argument; not used")


def _check_list(at: Node, is_given: bool) -> None:
    if is_given and (not isinstance(at.value, list) or any(isinstance(item, list | dict) for item in at.value)):
        at.problem(f"found {shown(at.value)}, expected a list of values")


def _check_properties(node: Node, arguments: Node, named: tuple[str, ...], columns: Sequence[str]) -> None:
    if not named:
        node.problem("duplicateValues of an object needs arguments.properties, the list of its key")
    declared = set(columns)
    for index, name in enumerate(named):
        if name not in declared:
            hint = node.findings.hint(name, columns)
            arguments.at("properties").problem(f"{shown(name)} is no property of this object{hint}")
        elif name in named[:index][:100]:
            arguments.at("properties").remark(f"{shown(name)} stands here twice")
