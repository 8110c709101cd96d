"""`${NAME}` and `${NAME:-default}` in a contract of ODCS 3.2 or newer: only names that the settings allow."""

import re
from collections.abc import Mapping
from typing import TypeAlias

from monitor.contracts.document import Document, Value
from monitor.contracts.findings import Findings, Path

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
SQL_PLACEHOLDERS = frozenset({"object", "property", "table", "column"})
Variables: TypeAlias = Mapping[str, str]


def substitute(document: Document, findings: Findings, variables: Variables) -> None:
    """Replace the variables in every text of the document, in place; an unknown one is a problem.

    `${table}` and its like are SQL placeholders wherever a query may stand, and stay. What a variable brings in is not
    looked at again.
    """
    _below(document.root, (), findings, variables)


def _below(value: Value, path: Path, findings: Findings, variables: Variables) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                value[key] = _text(item, (*path, key), findings, variables)
            else:
                _below(item, (*path, key), findings, variables)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str):
                value[index] = _text(item, (*path, index), findings, variables)
            else:
                _below(item, (*path, index), findings, variables)


def _text(text: str, path: Path, findings: Findings, variables: Variables) -> str:
    if "${" not in text:
        return text
    is_query = path[-1] == "query"

    def replaced(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        if is_query and name in SQL_PLACEHOLDERS and default is None:
            return match[0]
        if name in variables:
            return variables[name]
        if default is not None:
            return default
        findings.problem(path, f"the variable ${{{name[:60]}}} is not listed in contract_variables")
        return match[0]

    return VARIABLE.sub(replaced, text)
