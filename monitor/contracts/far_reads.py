"""What a SELECT could reach beside the tables of a warehouse: other servers, files, programs of the server's machine.

Of functions in FROM only those pass that unfold values; of others those are refused that are known to run more.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

DIALECTS = frozenset({"athena", "bigquery", "databricks", "dremio", "redshift", "snowflake", "trino", "tsql"})
_UNFOLDS = frozenset(
    {"Unnest", "Explode", "ExplodeOuter", "Posexplode", "GenerateSeries", "Flatten", "Values", "Inline"}
)
_RUNS_MORE = re.compile(
    r"system\$\w+|(?:java_method|reflect|try_reflect|remote_query|external_query|read_files|http_request|ai_\w+)"
    r"|result_scan|open(?:rowset|query|datasource|xml|json)|fn_\w+|xp_\w+|sp_\w+|s3_\w+|getdate_remote"
    r"|(?:try_)?secret|list_secrets|get_presigned_url|nextval",
    re.IGNORECASE,
)
_FORMATS = frozenset({"parquet", "csv", "json", "delta", "text", "orc", "avro", "binaryfile", "xml"})


def far_read(statement: "Expr", dialect: str) -> str | None:
    """Return why a SELECT must not be sent to a warehouse of another kind, None where it reads tables only."""
    if dialect not in DIALECTS:
        return None
    from sqlglot import exp

    for node in statement.walk():
        if isinstance(node, exp.Func) and _RUNS_MORE.fullmatch(node.name or node.sql_name()):
            return f"the function {node.name[:40]} does more than read rows"
        if isinstance(node, exp.TableFromRows) or type(node).__name__ in {"OpenJSON", "ReadCSV", "ReadParquet"}:
            return "a function in FROM does more than read rows"
        if isinstance(node, exp.Table) and (reason := _of_a_source(node)):
            return reason
    return None


def _of_a_source(table: "Expr") -> str | None:
    source = table.this
    if type(source).__name__ == "Identifier":
        schema = table.text("db").lower()
        is_file = schema in _FORMATS and ("/" in source.name or "." in source.name)
        return f"{source.name[:40]} is a file, not a table" if is_file else None
    if type(source).__name__ in _UNFOLDS:
        return None
    return f"{source.sql()[:40]} in FROM is no table"
