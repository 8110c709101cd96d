"""SodaCL → drafts: what ODCS has words for in its own words, every other check of a table as the block that it is."""

import re
from collections.abc import Mapping
from decimal import Decimal

from monitor.contracts.document import Document, Value
from monitor.contracts.sodacl import as_yaml
from monitor.drafting.imported import Imported, Rule

_HEADING = re.compile(r'checks for "?(?P<name>[^"\[]+?)"?\s*(?P<filter>\[.*\])?')
_NUMBER = r"-?\d+(?:\.\d+)?"
_CHECK = re.compile(
    rf"(?P<metric>\w+)\s*(?:\((?P<columns>[^)]*)\))?\s*"
    rf"(?:(?P<operator>!=|>=|<=|=|>|<)\s*(?P<number>{_NUMBER})\s*(?P<percent>%)?"
    rf"|between\s+(?P<low>{_NUMBER})\s+and\s+(?P<high>{_NUMBER}))"
)
_FRESH = re.compile(r"freshness\((?P<column>[^)]+)\)\s*<\s*(?P<amount>\d+)(?P<unit>[dhm])")
_OPERATORS = {
    "=": "mustBe",
    "!=": "mustNotBe",
    ">": "mustBeGreaterThan",
    ">=": "mustBeGreaterOrEqualTo",
    "<": "mustBeLessThan",
    "<=": "mustBeLessOrEqualTo",
}
METRICS = {
    "row_count": ("rowCount", "rows"),
    "missing_count": ("nullValues", "rows"),
    "missing_percent": ("nullValues", "percent"),
    "duplicate_count": ("duplicateValues", "rows"),
    "duplicate_percent": ("duplicateValues", "percent"),
    "invalid_count": ("invalidValues", "rows"),
    "invalid_percent": ("invalidValues", "percent"),
}
_ELSEWHERE = (
    "discover",
    "profile",
    "for each",
    "sample ",
    "automated monitoring",
    "anomaly",
    "distribution",
    "reference",
)
_CONFIGURED = re.compile(r'configurations for "?(?P<name>[^"]+?)"?')
_IN_BRACKETS = re.compile(r"\(([^)]*)\)")
_UNITS = {"d": "d", "h": "h", "m": "min"}


def imported(document: Document, file: str) -> list[Imported]:
    """Return a draft for each table that the file has checks for; what is left names its line."""
    tables: dict[str, Imported] = {}
    nowhere = Imported(name="")
    configured = _configured(document)
    for key, value in document.root.items():
        heading = _HEADING.fullmatch(key)
        line = document.line_of((key,))
        if heading is None or heading["filter"] or not isinstance(value, list):
            why = "a filter on the whole table" if heading else "it is no list of checks for a table"
            owner = tables.setdefault(heading["name"], Imported(name=heading["name"])) if heading else nowhere
            owner.left.append(f"{file}:{line}: {key}: {why}")
            continue
        table = tables.setdefault(heading["name"], Imported(name=heading["name"]))
        for place, check in enumerate(value):
            _carry(table, check, f"{file}:{document.line_of((key, place))}", configured.get(table.name, frozenset()))
    found = list(tables.values())
    return [*found, nowhere] if nowhere.left else found


def _configured(document: Document) -> Mapping[str, frozenset[str]]:
    """Return the columns of each table of which the file says elsewhere what is missing or valid."""
    found = {}
    for key, value in document.root.items():
        heading = _CONFIGURED.fullmatch(key)
        if heading is not None and isinstance(value, dict):
            found[heading["name"]] = frozenset(setting.rpartition(" for ")[2].strip() for setting in value)
    return found


def _carry(table: Imported, check: Value, where: str, configured: frozenset[str]) -> None:
    words, settings = (next(iter(check.items()), ("", None))) if isinstance(check, dict) else (check, None)
    if not isinstance(words, str) or "${" in as_yaml(check) or words.strip().lower().startswith(_ELSEWHERE):
        table.left.append(f"{where}: {words}: it runs only inside Soda")
        return
    named = {name.strip() for inside in _IN_BRACKETS.findall(words) for name in inside.split(",")}
    if configured & named:
        table.left.append(f"{where}: {words}: the file configures that column elsewhere")
        return
    if words == "schema" and isinstance(settings, dict) and _schema(table, settings):
        return
    fresh = _FRESH.fullmatch(words.strip())
    if fresh is not None and settings is None:
        table.column(fresh["column"].strip())
        element = f"{table.name}.{fresh['column'].strip()}"
        unit, amount = _UNITS[fresh["unit"]], int(fresh["amount"])
        table.levels.append({"property": "freshness", "value": amount, "unit": unit, "element": element})
        return
    rule = _native(words.strip(), settings if isinstance(settings, dict) else {})
    if rule is None:
        table.rule(None, {"type": "custom", "engine": "soda", "implementation": as_yaml([check])})
    else:
        table.rule(*rule)
        if rule[0] is None and isinstance(rule[1].get("arguments"), dict):
            for name in _texts(rule[1]["arguments"].get("properties")):  # type: ignore[union-attr]
                table.column(name)


def _native(words: str, settings: Mapping[str, Value]) -> tuple[str | None, Rule] | None:
    """Return the column and the rule in ODCS's own words; None where they would not say exactly the same."""
    found = _CHECK.fullmatch(words)
    columns = [name.strip() for name in (found["columns"] or "").split(",") if name.strip()] if found else []
    if found is None or found["metric"] not in METRICS:
        return None
    metric, unit = METRICS[found["metric"]]
    left = dict(settings)
    rule: Rule = {"metric": metric}
    name = left.pop("name", None)
    if isinstance(name, str):
        rule = {"name": name, **rule}
    arguments: Rule = {}
    if metric == "invalidValues":
        valid, pattern = left.pop("valid values", None), left.pop("valid regex", None)
        if isinstance(valid, list) == isinstance(pattern, str):
            return None
        arguments = {"validValues": valid} if isinstance(valid, list) else {"pattern": pattern}
    if metric == "nullValues" and isinstance(missing := left.pop("missing values", None), list):
        rule["metric"], arguments = "missingValues", {"missingValues": missing}
    if left or len(columns) != (0 if metric == "rowCount" else max(1, len(columns))):
        return None
    is_composite = len(columns) > 1
    if is_composite and metric != "duplicateValues":
        return None
    if is_composite:
        arguments = {"properties": list(columns)}
    if arguments:
        rule["arguments"] = arguments
    if unit == "percent":
        rule["unit"] = unit
    if found["operator"]:
        rule[_OPERATORS[found["operator"]]] = _number(found["number"])
    else:
        rule["mustBeBetween"] = [_number(found["low"]), _number(found["high"])]
    return (columns[0] if columns and not is_composite else None), rule


def _schema(table: Imported, settings: Mapping[str, Value]) -> bool:
    """Carry required columns and their types; say whether that was all that the check says."""
    fail = settings.get("fail")
    if set(settings) - {"name", "fail"} or not isinstance(fail, dict):
        return False
    if set(fail) - {"when required column missing", "when wrong column type"}:
        return False
    for name in _texts(fail.get("when required column missing")):
        table.column(name)
    types = fail.get("when wrong column type")
    for name, type_ in types.items() if isinstance(types, dict) else ():
        table.column(name)["physicalType"] = str(type_)
    return True


def _texts(value: Value) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _number(text: str) -> int | Decimal:
    return Decimal(text) if "." in text else int(text)
