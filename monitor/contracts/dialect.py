"""What differs between the versions of the standard: older documents are read as if they were of the newest."""

from monitor.contracts.document import Document, Value
from monitor.contracts.findings import Findings, Path, shown

NEWEST = "v3.2.0"
SUPPORTED = ("v3.2.0", "v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0")

METRIC_OF_RULE = {
    "duplicateCount": "duplicateValues",
    "validValues": "invalidValues",
    "invalidCount": "invalidValues",
    "nullCount": "nullValues",
    "nullCheck": "nullValues",
    "missingCount": "missingValues",
    "rowCount": "rowCount",
}
TOP_SINCE = {"context": "v3.2.0"}
OBJECT_SINCE = {
    "id": "v3.1.0",
    "relationships": "v3.1.0",
    "deprecated": "v3.2.0",
    "synonyms": "v3.2.0",
    "context": "v3.2.0",
}
PROPERTY_SINCE = {
    "id": "v3.1.0",
    "relationships": "v3.1.0",
    "enum": "v3.2.0",
    "semanticType": "v3.2.0",
    "map": "v3.2.0",
    "deprecated": "v3.2.0",
    "synonyms": "v3.2.0",
}
TYPE_SINCE = {"timestamp": "v3.1.0", "time": "v3.1.0", "map": "v3.2.0", "vector": "v3.2.0"}
QUALITY_SINCE = {"id": "v3.1.0", "metric": "v3.1.0", "arguments": "v3.1.0"}
SLA_SINCE = {"id": "v3.1.0", "description": "v3.1.0", "schedule": "v3.1.0", "scheduler": "v3.1.0"}


def check_version(document: Document, findings: Findings) -> str | None:
    """Return the document's apiVersion if this program reads it; else report why not."""
    found = document.root.get("apiVersion")
    path: Path = ("apiVersion",)
    if found is None and "dataContractSpecification" in document.root:
        text = "this is a file of the Data Contract Specification, expected ODCS v3; convert it first"
        findings.problem(("dataContractSpecification",), text)
    elif found is None:
        findings.problem((), f"apiVersion is missing, expected {NEWEST}")
    elif isinstance(found, str) and found in SUPPORTED:
        return found
    elif isinstance(found, str) and found.removeprefix("v").startswith("2."):
        findings.problem(path, f"ODCS {shown(found)} is not supported; convert the contract to v3")
    elif isinstance(found, str) and f"v{found}" in SUPPORTED:
        findings.problem(path, f"found {shown(found)}, expected v{found}")
    else:
        findings.problem(path, f"found {shown(found)}, expected one of {', '.join(SUPPORTED)}")
    return None


def normalise(document: Document, findings: Findings, api_version: str) -> None:
    """Rewrite what older versions say differently, in place; remark what is newer than the version declared."""
    newer = _Newer(findings, api_version)
    newer.keys(document.root, (), TOP_SINCE)
    if isinstance(document.root.get("team"), dict):
        newer.since(("team",), "team as a mapping", "v3.1.0")
    for index, item in enumerate(_list(document.root.get("schema"))):
        path: Path = ("schema", index)
        if isinstance(item, dict):
            newer.keys(item, path, OBJECT_SINCE)
            _quality(item, path, newer)
            _properties(item.get("properties"), (*path, "properties"), newer)
    for index, item in enumerate(_list(document.root.get("slaProperties"))):
        if isinstance(item, dict):
            newer.keys(item, ("slaProperties", index), SLA_SINCE)


class _Newer:
    """Remarks, once per key, that a document uses more than the version it declares."""

    def __init__(self, findings: Findings, declared: str) -> None:
        self.findings = findings
        self.declared = declared
        self.is_3_0 = declared.startswith("v3.0.")
        self.told: set[str] = set()

    def keys(self, item: dict[str, Value], path: Path, known_since: dict[str, str]) -> None:
        for key, version in known_since.items():
            if key in item:
                self.since((*path, key), key, version)

    def since(self, path: Path, what: str, version: str) -> None:
        if version > self.declared and what not in self.told:
            self.told.add(what)
            text = f"{what} came with {version} but the contract declares {self.declared}; read as {NEWEST}"
            self.findings.remark(path, text)


def _properties(value: Value, path: Path, newer: _Newer) -> None:
    for index, item in enumerate(_list(value)):
        if isinstance(item, dict):
            _property(item, (*path, index), newer)


def _property(item: dict[str, Value], path: Path, newer: _Newer) -> None:
    newer.keys(item, path, PROPERTY_SINCE)
    logical = item.get("logicalType")
    if isinstance(logical, str) and logical in TYPE_SINCE:
        newer.since((*path, "logicalType"), f"logicalType {logical}", TYPE_SINCE[logical])
    _quality(item, path, newer)
    options = item.get("logicalTypeOptions")
    if newer.is_3_0 and isinstance(options, dict):
        _exclusive(options, "exclusiveMinimum", "minimum")
        _exclusive(options, "exclusiveMaximum", "maximum")
    _properties(item.get("properties"), (*path, "properties"), newer)
    items = item.get("items")
    if isinstance(items, dict):
        _property(items, (*path, "items"), newer)


def _exclusive(options: dict[str, Value], exclusive: str, bound: str) -> None:
    """3.0 says `minimum: 5, exclusiveMinimum: true` where 3.1 says `exclusiveMinimum: 5`."""
    if isinstance(options.get(exclusive), bool):
        is_exclusive = options.pop(exclusive)
        if is_exclusive is True and bound in options:
            options[exclusive] = options.pop(bound)


def _quality(owner: dict[str, Value], path: Path, newer: _Newer) -> None:
    for index, rule in enumerate(_list(owner.get("quality"))):
        if not isinstance(rule, dict):
            continue
        here: Path = (*path, "quality", index)
        newer.keys(rule, here, QUALITY_SINCE)
        old = rule.get("rule")
        if isinstance(old, str) and "metric" not in rule and rule.get("type", "library") == "library":
            if newer.is_3_0:
                rule["metric"] = METRIC_OF_RULE.get(old, old)
            elif old in METRIC_OF_RULE or rule.get("type") == "library":
                rule["metric"] = METRIC_OF_RULE.get(old, old)
                newer.findings.remark((*here, "rule"), "rule is deprecated since v3.1.0; write metric")
        values = rule.get("validValues")
        if newer.is_3_0 and isinstance(values, list):
            arguments = rule.setdefault("arguments", {})
            if isinstance(arguments, dict):
                arguments.setdefault("validValues", rule.pop("validValues"))


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
