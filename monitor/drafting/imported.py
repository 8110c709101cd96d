"""A contract that is being taken over from another tool: what became of it, and what could not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from monitor.contracts.document import Value
from monitor.contracts.identifiers import dotted
from monitor.contracts.yaml_text import inline
from monitor.visible import visible

VERSION = "1.0.0"
LONGEST_ID = 60
_NO_WORD = re.compile(r"[^a-z0-9]+")

Rule = dict[str, Value]


@dataclass(slots=True, kw_only=True)
class Imported:
    """One table's draft, filled while a file is read. `left` are sentences about what no contract of ours can say."""

    name: str
    schema: str | None = None
    description: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    extra_columns: str = "allow"
    columns: dict[str, dict[str, Value]] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    levels: list[Rule] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)

    def column(self, name: str) -> dict[str, Value]:
        """Return what is said of a column so far, to be added to."""
        return self.columns.setdefault(name, {"name": name})

    def rule(self, column: str | None, rule: Rule) -> None:
        """Add a rule to a column, or to the table; one of its own text gets an id, so that its history has a name."""
        if rule.get("type") in {"sql", "custom"}:
            rule = {"id": self._id_for(str(rule.get("name") or rule.get("implementation") or "")), **rule}
        if column is None:
            self.rules.append(rule)
            return
        rules = self.column(column).setdefault("quality", [])
        if isinstance(rules, list):
            rules.append(rule)

    def _id_for(self, words: str) -> str:
        word = _NO_WORD.sub("-", words.lower())[:LONGEST_ID].strip("-") or "rule"
        self.ids[word] = self.ids.get(word, 0) + 1
        return word if self.ids[word] == 1 else f"{word}-{self.ids[word]}"

    @property
    def has_promises(self) -> bool:
        """Say whether anything was carried over."""
        return bool(self.columns or self.rules or self.levels)


def literal(value: Value) -> str:
    """Write a value as SQL."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case None:
            return "NULL"
        case _:
            return inline(value)


def none_of(condition: str, name: str, *, most: Value = None, of: str = "*") -> Rule:
    """Return a rule that no row meets a condition; with `most`, at most so many percent of the rows that count."""
    if most is None:
        query = f"SELECT COUNT(*) FROM {{object}} WHERE {condition}"
        return {"name": name, "type": "sql", "query": query, "mustBe": 0}
    share = f"COALESCE(100.0 * COUNT(*) FILTER (WHERE {condition}) / NULLIF(COUNT({of}), 0), 0)"
    query = f"SELECT {share} FROM {{object}}"
    return {"name": name, "type": "sql", "query": query, "unit": "percent", "mustBeLessOrEqualTo": most}


def row_count(low: Value, high: Value) -> Rule | None:
    """Return the rule that holds the number of rows between bounds, None where one of them is no whole number."""
    least, most = _whole(low), _whole(high)
    if (least is None) != (low is None) or (most is None) != (high is None):
        return None
    match least, most:
        case None, None:
            return None
        case _, None:
            return {"metric": "rowCount", "mustBeGreaterOrEqualTo": least}
        case None, _:
            return {"metric": "rowCount", "mustBeLessOrEqualTo": most}
        case _:
            return {"metric": "rowCount", "mustBeBetween": [least, most]}


def exact_row_count(exact: Value) -> Rule | None:
    """Return the rule that holds the number of rows, None where it is no whole number."""
    number = _whole(exact)
    return None if number is None else {"metric": "rowCount", "mustBe": number}


def _whole(value: Value) -> int | None:
    """Return a whole number, however it is written (`1e6`); None for anything else, a truth too."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int(value) if value == int(value) else None


def repeated(columns: Sequence[str], words: str, *, ignored: str | None = None) -> Rule:
    """Return a rule that no combination of columns (as SQL) occurs twice, NULL being like NULL.

    `ignored` passes over rows in which `all` columns are NULL, or `any` is.
    """
    joined = ", ".join(columns)
    glue = " AND " if ignored == "all" else " OR "
    kept = f" WHERE NOT ({glue.join(f'{column} IS NULL' for column in columns)})" if ignored else ""
    twice = f"SELECT 1 FROM {{object}}{kept} GROUP BY {joined} HAVING COUNT(*) > 1"
    return {
        "name": f"{words} must be unique",
        "type": "sql",
        "query": f"SELECT COUNT(*) FROM ({twice}) AS d",
        "mustBe": 0,
    }


def render(imported: Imported, origin: str) -> str:
    """Return the text of the draft; what was left stands in it as comments too, so that it is never forgotten."""
    table = imported.name
    head: list[tuple[str, Value]] = [("id", table), ("version", VERSION), ("status", "draft")]
    if imported.tags:
        head.append(("tags", list(imported.tags)))
    if imported.team:
        head.append(("team", {"name": imported.team}))
    own: Rule = {"vendor": "pactwatch", "property": "extraColumns", "value": imported.extra_columns}
    head.append(("customProperties", [own]))  # the other tools look for columns that are missing, not for others
    lines = [f"# Imported from {visible(origin)}. Complete it, then make it active."]
    lines += [f"# Not carried over: {visible(text)}" for text in imported.left]
    lines += ["apiVersion: {api}", "kind: DataContract", *(f"{key}: {inline(value)}" for key, value in head), "schema:"]
    lines.append(f"  - name: {inline(table)}")
    if imported.schema:
        lines.append(f"    physicalName: {inline(dotted(imported.schema, table))}")
    if imported.description:
        lines.append(f"    description: {inline(imported.description)}")
    lines += _listed("quality", imported.rules, "    ")
    lines += _listed("properties", list(imported.columns.values()), "    ")
    lines += _listed("slaProperties", imported.levels, "")
    text = "\n".join(lines) + "\n"
    # Since 3.2 a contract's text may hold variables; what another tool was told is never one.
    return text.replace("apiVersion: {api}", f"apiVersion: {'v3.1.0' if '${' in text else 'v3.2.0'}", 1)


def _listed(key: str, items: Sequence[Rule], indent: str) -> list[str]:
    return [f"{indent}{key}:", *(f"{indent}  - {inline(item)}" for item in items)] if items else []
