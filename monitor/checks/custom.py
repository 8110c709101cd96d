"""Rules that bring their own text: `sql` queries, `custom` SodaCL blocks, and `text`, which is documentation."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import ModuleType

from monitor.checks.dialect import sql
from monitor.checks.drafts import Draft, base_id, from_rule, not_checked, slug, table_name, wanted
from monitor.contracts import mysql_text, sql_text
from monitor.contracts.queries import statement_problem
from monitor.contracts.sql_text import Kind, Piece
from monitor.contracts.yaml_reader import YamlError, read_value
from monitor.domain.check import ZERO, Check, CheckKind, Probe, Query, SodaBlock
from monitor.domain.contract import Column, Dataset, QualityRule, Unchecked

_PLACEHOLDER = re.compile(r"\$?\{(?P<name>object|table|property|column)\}")
_ESCAPE_OR_DOLLAR = re.compile(r"\\?\$|(?P<other>\\.)", re.DOTALL)
_TEMPLATE_START = "${"
_REFUSED = (
    "discover",
    "for each",
    "profile",
    "reference ",
    "sample ",
)
_UNSERVED = {
    "anomaly": "it needs a model that Soda trains in its cloud; `change for` compares with earlier runs here",
    "automated monitoring": "it needs a model that Soda trains in its cloud",
    "distribution": "it needs a reference file that Soda writes, and soda-core-scientific",
    "group evolution": "it would keep values of the table between runs",
}
_SCHEMA_CHANGES = "when schema changes"
_LAST = re.compile(r"\blast\s+(\d+)\b")
MOST_MEASUREMENTS = 1_000
"""The furthest a check looks back."""
_COMPARISON = re.compile(r"\s+(?:[<>=!]|(?:not\s+)?between\b)|\s*[<>=!]")
_CONDITIONS = ("fail", "warn", "valid", "missing", "invalid")
_LONGEST_TOLD = 200
_SQL_COST = 3.0


class NotSodaCLError(ValueError):
    """The text of a custom rule is not SodaCL; the message says why, for people."""


def text_check(dataset: Dataset, columns: tuple[Column, ...], rule: QualityRule) -> Draft:
    """Draft the skip of a rule that only people can read."""
    name = rule.description or f"{dataset.name}: documented expectation"
    probe = not_checked("documentation: a `text` rule is for people")
    return from_rule(CheckKind.TEXT, dataset, columns, rule, name, probe, expected="", unit=None)


def unchecked_promise(promise: Unchecked) -> Draft:
    """Draft the skip of a promise that nothing here can check, such as a rule inside a nested property."""
    check = Check(
        id=base_id(promise.dataset, promise.where.removeprefix("schema.")),
        name=promise.where,
        kind=CheckKind.CUSTOM,
        dataset=promise.dataset,
        expected="",
        unit=None,
        probes=(not_checked(f"unsupported: {promise.reason}"),),
        line=promise.line,
    )
    return Draft(check=check, has_own_id=False)


def sql_check(dataset: Dataset, column: Column | None, rule: QualityRule) -> Draft:
    """Draft an `sql` rule: its one value, cast to an exact number, held against its threshold."""
    query = executable(rule.query or "", dataset, column)
    threshold = rule.threshold or ZERO
    where = f"{dataset.name}.{column.name}" if column else dataset.name
    problem = statement_problem(query, sql.NAME) or (
        "'${' would start a template engine" if _TEMPLATE_START in query else None
    )
    probe = (
        not_checked(f"the query must not run: {problem}", is_error=True)
        if problem
        else Query(metric="", sql=sql.one_number(query), threshold=threshold, cost=_SQL_COST)
    )
    return from_rule(
        CheckKind.SQL,
        dataset,
        (column,) if column else (),
        rule,
        rule.description or f"{where}: the query's value must be {wanted(threshold)}",
        probe,
        unit=None if rule.unit == "rows" else rule.unit,
    )


def executable(query: str, dataset: Dataset, column: Column | None) -> str:
    """Fill in `{object}` and `{property}`, and spell every `${` inside strings so that it stays text.

    In code they are quoted names; inside a string they are the plain name, as text. Comments stay as they are: no
    name can end them. One statement's closing semicolon goes.
    """
    plain = {"object": dataset.table, "table": dataset.table}
    quoted = {"object": sql.table(table_name(dataset)), "table": sql.table(table_name(dataset))}
    if column is not None:
        plain |= dict.fromkeys(("property", "column"), column.physical_name)
        quoted |= dict.fromkeys(("property", "column"), sql.identifier(column.physical_name))
    parts = []
    only_one = sql_text.statements(_reader().pieces(query)) == 1
    for kind, text in _runs(query):
        code = text.replace(";", " ") if kind is Kind.CODE and only_one else text
        parts.append(_filled(kind, code, plain, quoted))
    return "".join(parts).strip()


def _reader() -> ModuleType:
    """Return whoever reads SQL as the server does."""
    return mysql_text if sql.NAME == "mysql" else sql_text


def _runs(query: str) -> Iterator[tuple[Kind, str]]:
    """Yield the pieces of a query, neighbouring code as one."""
    code = ""
    for piece in _reader().pieces(query):
        if piece.kind is Kind.CODE:
            code += piece.text
            continue
        if code:
            yield Kind.CODE, code
            code = ""
        yield piece.kind, piece.text
    if code:
        yield Kind.CODE, code


def _filled(kind: Kind, text: str, plain: Mapping[str, str], quoted: Mapping[str, str]) -> str:
    match kind:
        case Kind.CODE:
            return _fill(text, quoted)
        case Kind.NAME if _PLACEHOLDER.fullmatch(text[1:-1]):
            return _fill(text[1:-1], quoted)
        case Kind.COMMENT if _TEMPLATE_START in text:
            return ""
        case Kind.STRING | Kind.DOLLAR_STRING if text[0] not in "bBxX" and "{" in text:
            return sql.literal(_fill(_reader().value_of(Piece(kind=kind, text=text)), plain))
        case Kind.ESCAPE_STRING if _TEMPLATE_START in text and _reader() is sql_text:
            return _ESCAPE_OR_DOLLAR.sub(lambda match: match.group() if match["other"] else "\\044", text)
        case _:
            return text


def _fill(text: str, names: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: names.get(match["name"].lower(), match.group()), text)


def custom_checks(dataset: Dataset, column: Column | None, rule: QualityRule) -> Iterator[Draft]:
    """Yield one draft for each check in a `custom` rule's SodaCL; other engines are skipped with the reason."""
    columns = (column,) if column else ()
    name = rule.description or f"{dataset.name}: custom rule of {rule.engine}"
    if (rule.engine or "").lower() not in {"soda", "sodacl", "soda-core"}:
        foreign = not_checked(f"unsupported: rules of the engine {rule.engine!r} do not run here")
        yield from_rule(CheckKind.CUSTOM, dataset, columns, rule, name, foreign, expected="", unit=None)
        return
    try:
        blocks = sodacl_blocks(rule.implementation or "", dataset)
    except NotSodaCLError as error:
        refused = not_checked(str(error), is_error=True)
        yield from_rule(CheckKind.SODA, dataset, columns, rule, name, refused, expected="", unit=None)
        return
    for words, told, text in blocks:
        word = slug(_COMPARISON.split(words, maxsplit=1)[0])
        draft = from_rule(
            CheckKind.SODA,
            dataset,
            columns,
            rule,
            f"{dataset.name}: {words}",
            _probe(words, text),
            expected=f"a pass of Soda's check {told}",
            unit=None,
        )
        yield draft if len(blocks) == 1 else _numbered(draft, word)


def _probe(words: str, sodacl: str) -> Probe:
    """Return what runs a check of a block, or why it cannot run here."""
    for start, reason in _UNSERVED.items():
        if words.lower().startswith(start):
            return not_checked(f"unsupported: {reason}")
    looks_back = _looks_back(words, sodacl)
    if looks_back > MOST_MEASUREMENTS:
        return not_checked(f"unsupported: it compares with more than {MOST_MEASUREMENTS:,} earlier runs")
    return SodaBlock(sodacl=sodacl, looks_back=looks_back)


def _looks_back(words: str, sodacl: str) -> int:
    """Return how many earlier measurements a check compares with: `change avg last 7 for row_count` with seven."""
    if words.startswith("change "):
        asked = _LAST.search(words)
        return int(asked[1]) if asked else 1
    return 1 if words.startswith("schema") and _SCHEMA_CHANGES in sodacl else 0


def sodacl_blocks(text: str, dataset: Dataset) -> tuple[tuple[str, str, str], ...]:
    """Take a SodaCL text apart: (the check's first line, with its conditions, a SodaCL document of only that check).

    Accepts a list of checks, `checks for <this dataset>: […]`, `checks: […]`, or one single check. Raises
    `NotSodaCLError` for anything else, for checks on other datasets, and for what reads files or rows.
    """
    document = _parse(text)
    checks = _check_list(document, dataset)
    blocks = []
    for check in checks:
        words = check if isinstance(check, str) else next(iter(check), None) if isinstance(check, dict) else None
        if not isinstance(words, str) or not words.strip():
            raise NotSodaCLError(f"not SodaCL: a check must be text, found {type(check).__name__}")
        _refuse(words, check)
        blocks.append((words.strip(), _told(words.strip(), check), _document(dataset, check)))
    if not blocks:
        raise NotSodaCLError("not SodaCL: it holds no check")
    return tuple(blocks)


def _check_list(document: object, dataset: Dataset) -> list[object]:
    if isinstance(document, list):
        return document
    if isinstance(document, str):
        return [document]
    if not isinstance(document, dict) or not document:
        raise NotSodaCLError("not SodaCL: expected a list of checks")
    headings = [key for key in document if str(key) == "checks" or str(key).startswith("checks for ")]
    if not headings:
        if len(document) == 1:
            return [document]
        found = ", ".join(map(str, document))
        raise NotSodaCLError(f"not SodaCL: expected a list of checks, found a mapping with {found}")
    checks: list[object] = []
    for key, value in document.items():
        of = str(key).removeprefix("checks for ").strip().strip('"')
        if key not in headings:
            raise NotSodaCLError(f"not supported in a contract: {key!r} beside the checks")
        if str(key) != "checks" and of not in {dataset.name, dataset.table}:
            raise NotSodaCLError(f"a block may check its own dataset {dataset.name} only, found {key!r}")
        if not isinstance(value, list):
            raise NotSodaCLError(f"not SodaCL: {key!r} must hold a list of checks")
        checks.extend(value)
    return checks


def _told(words: str, check: object) -> str:
    """Return a check with what it fails or warns at: `failed rows (fail condition: n > 1)`."""
    settings = next(iter(check.values()), None) if isinstance(check, dict) else None
    if not isinstance(settings, dict):
        return words
    conditions = [
        f"{key}: {' '.join(str(value).split())}"
        for key, value in settings.items()
        if str(key).startswith(_CONDITIONS) and not isinstance(value, dict | list)
    ]
    told = f"{words} ({', '.join(conditions)})" if conditions else words
    return told if len(told) <= _LONGEST_TOLD else f"{told[: _LONGEST_TOLD - 1]}…"


def _refuse(words: str, check: object) -> None:
    if words.strip().lower().startswith(_REFUSED):
        raise NotSodaCLError(f"not supported in a contract: {words!r}")
    for text in _texts(check):
        if _TEMPLATE_START in text:
            raise NotSodaCLError("'${' is not allowed in SodaCL: it would start Soda's template engine")
        if text.endswith("sql_file"):
            raise NotSodaCLError(f"not supported in a contract: {text!r} reads a local file")


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for key, each in value.items():
                yield str(key)
                yield from _texts(each)


def _parse(text: str) -> object:
    try:
        return read_value(text)
    except YamlError as error:
        raise NotSodaCLError(f"not SodaCL: {error.problems[-1][2]}") from error


def _document(dataset: Dataset, check: object) -> str:
    from ruamel.yaml import YAML

    stream = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096
    yaml.dump({f"checks for {sql.heading(table_name(dataset))}": [check]}, stream)
    return stream.getvalue()


def _numbered(draft: Draft, word: str) -> Draft:
    return replace(draft, check=replace(draft.check, id=f"{draft.check.id}.{word}"))
