"""One ODCS document (3.0.x to 3.2) → Contract, collecting every problem with its line."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath

from monitor.contracts.columns import is_physical, read_columns
from monitor.contracts.document import Document
from monitor.contracts.files import SUFFIX
from monitor.contracts.findings import Findings, shown
from monitor.contracts.identifiers import slug_of, table_name
from monitor.contracts.meaning import meaning_of
from monitor.contracts.node import Node
from monitor.contracts.people import read_owner, read_servers, read_support
from monitor.contracts.queries import dialects
from monitor.contracts.references import Names, read_relationships
from monitor.contracts.rules import RuleReader
from monitor.contracts.runbooks import read_runbook
from monitor.contracts.semver import SEMANTIC, VERSION_TEXT, Version
from monitor.contracts.service_levels import read_service_levels
from monitor.contracts.windows import read_window
from monitor.domain.contract import Contract, Dataset

STATUSES = frozenset({"proposed", "draft", "active", "deprecated", "retired"})
OURS = {"extraColumns": "warn", "columnOrder": "allow"}
ANSWERS = frozenset({"allow", "warn", "fail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a document came from: the file as people know it, and the fingerprint of its bytes."""

    file: str
    fingerprint: str


def read_contract(document: Document, findings: Findings, api_version: str, origin: Origin) -> Contract:
    """Return the contract that the document states. What is wrong with it is left in `findings`."""
    root = Node(document.root, (), findings)
    names = _names(root)
    servers = read_servers(root)
    spoken = dialects([server.type for server in servers])
    reader = RuleReader(is_3_0=api_version.startswith("v3.0."), dialects=spoken, names=names)
    datasets = _datasets(root, names, reader)
    service_levels = read_service_levels(root, names)
    ours = _own_properties(root)
    contract_id = _identity(root, "id")
    if not datasets:
        root.at("schema").remark("the contract describes no object; there is nothing to check")
    return Contract(
        id=contract_id,
        slug=slug_of(contract_id),
        name=root.text("name") or contract_id,
        version=_version(root, origin.file),
        status=_status(root),
        api_version=api_version,
        file=origin.file,
        fingerprint=origin.fingerprint,
        meaning=meaning_of(datasets, service_levels, ours["extraColumns"], ours["columnOrder"]),
        datasets=datasets,
        service_levels=service_levels,
        servers=servers,
        owner=read_owner(root),
        support=read_support(root),
        domain=root.text("domain"),
        purpose=root.at("description").text("purpose"),
        usage=root.at("description").text("usage"),
        limitations=root.at("description").text("limitations"),
        runbook=read_runbook(root),
        tags=root.texts("tags"),
        extra_columns=ours["extraColumns"],
        column_order=ours["columnOrder"],
        unchecked=findings.never_checked,
        remarks=findings.remarks,
        version_line=root.at("version").line,
    )


def _names(root: Node) -> Names:
    """Return what references of this contract may point to: physical top-level columns."""
    columns: dict[str, tuple[str, ...]] = {}
    object_ids: dict[str, str] = {}
    column_ids: dict[tuple[str, str], str] = {}
    for node in root.items("schema"):
        dataset = node.text("name") or ""
        if not dataset or dataset in columns:
            continue
        properties = [item for item in node.items("properties") if is_physical(item)]
        columns[dataset] = tuple(dict.fromkeys(name for item in properties if (name := item.text("name"))))
        if (object_id := node.text("id")) is not None:
            object_ids[object_id] = dataset
        for item in properties:
            if (column_id := item.text("id")) is not None and (name := item.text("name")) is not None:
                column_ids[dataset, column_id] = name
    return Names(columns=columns, hint=root.findings.hint, object_ids=object_ids, column_ids=column_ids)


def _datasets(root: Node, names: Names, reader: RuleReader) -> tuple[Dataset, ...]:
    datasets: list[Dataset] = []
    lines: dict[str, int] = {}
    for node in root.items("schema"):
        name = node.text("name") or ""
        if not name:
            if "name" in node:
                node.at("name").problem("found an empty name")
            continue
        if name in lines:
            node.at("name").problem(f"the object {shown(name)} stands here twice; first on line {lines[name]}")
            continue
        lines[name] = node.line
        schema, table = table_name(node, name)
        datasets.append(
            Dataset(
                name=name,
                schema=schema,
                table=table,
                physical_type=node.text("physicalType"),
                description=node.text("description"),
                columns=read_columns(node, name, names, reader),
                rules=reader.read(node, names.columns[name]),
                relationships=read_relationships(node, name, None, names),
                window=read_window(node, name, names),
                tags=node.texts("tags"),
                runbook=read_runbook(node),
                line=node.line,
            )
        )
    return tuple(datasets)


def _identity(root: Node, key: str) -> str:
    text = root.text(key) or ""
    if key in root and not text.strip() and isinstance(root.at(key).value, str | None):
        root.at(key).problem(f"found {shown(root.at(key).value)}, expected a name for this contract")
    return text


def _version(root: Node, file: str) -> str:
    named = PurePath(file).name.removesuffix(SUFFIX)
    text = _identity(root, "version")
    if text.strip() and not VERSION_TEXT.fullmatch(text):
        root.at("version").problem(f"found {shown(text)}, expected a version such as 1.0.0")
    elif text and not Version.parse(text).is_semantic:
        root.at("version").remark(
            f"{shown(text)} is no semantic version (1.0.0); any semantic version is taken as newer"
        )
    if text and text != named and SEMANTIC.fullmatch(named):
        root.at("version").remark(f"{shown(text)}, but the file is called {PurePath(file).name}")
    return text


def _status(root: Node) -> str:
    status = (root.text("status") or "active").strip().lower() or "active"
    if status not in STATUSES:
        listed = ", ".join(sorted(STATUSES))
        near = get_close_matches(status, sorted(STATUSES), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        root.at("status").remark(f"the status {shown(status)} is unknown (known: {listed}); treated as active{meant}")
    return status


def _own_properties(root: Node) -> dict[str, str]:
    """Return our own custom properties: what extra columns and another column order mean."""
    answers = dict(OURS)
    for node in root.items("customProperties"):
        name, vendor = node.text("property"), node.text("vendor")
        if name in OURS and vendor in (None, "pactwatch"):
            value = node.scalar("value")
            if value in ANSWERS:
                answers[name] = str(value)
            else:
                node.at("value").problem(f"found {shown(value)}, expected allow, warn or fail")
        elif vendor == "pactwatch":
            node.remark(f"{shown(name)} is no property that Pactwatch knows at this place")
    return answers
