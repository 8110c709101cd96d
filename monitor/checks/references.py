"""Rules about keys: unique, primary and foreign keys, duplicates."""

from collections.abc import Iterator

from monitor.checks.dialect import sql
from monitor.checks.drafts import Draft, from_rule, need, not_checked, structural, table_name, wanted
from monitor.checks.values import offenders
from monitor.domain.check import ZERO, Aggregate, CheckKind, Offenders, Query
from monitor.domain.contract import Column, Contract, Dataset, QualityRule, Relationship

_KEY_COST = 6.0
_KEY_COLUMN_COST = 3.0
_REFERENCE_COST = 4.0


def key_checks(dataset: Dataset) -> Iterator[Draft]:
    """Yield a draft for the primary key and one for each unique column."""
    key = dataset.primary_key
    if key:
        words = f"{dataset.name}.{key[0].name}" if len(key) == 1 else f"{dataset.name}: ({_names(key)})"
        nulls = " OR ".join(f"{sql.identifier(column.physical_name)} IS NULL" for column in key)
        yield structural(
            CheckKind.PRIMARY_KEY,
            dataset,
            key,
            f"{words} must identify each row",
            Aggregate(metric=".nulls", expression=sql.counted(nulls), threshold=ZERO),
            _duplicates(dataset, key, ".duplicates", percent=False),
            id_columns=False,
            unit="keys",
            offenders=_key_offenders(dataset, key, or_null=True),
        )
    for column in dataset.columns:
        if column.unique and key != (column,):
            yield structural(
                CheckKind.UNIQUE,
                dataset,
                (column,),
                f"{dataset.name}.{column.name} must be unique",
                _duplicates(dataset, (column,), "", percent=False),
                unit="keys",
                offenders=_key_offenders(dataset, (column,), or_null=False),
            )


def duplicates_check(dataset: Dataset, column: Column | None, rule: QualityRule) -> Draft:
    """Draft the library metric `duplicateValues`, of a column or of the properties that a dataset's rule names."""
    names = rule.arguments.properties if column is None else (column.name,)
    columns = tuple(each for each in (dataset.column(name) for name in names) if each is not None)
    percent = rule.unit == "percent"
    promised = f"{wanted(rule.threshold or ZERO)}{' %' if percent else ''}"
    return from_rule(
        CheckKind.DUPLICATE_VALUES,
        dataset,
        columns,
        rule,
        f"{dataset.name}: duplicate values of {_names(columns)} must be {promised}",
        _duplicates(dataset, columns, "", percent=percent, rule=rule),
        at_column=column is not None,
        unit="percent" if percent else "keys",
        offenders=_key_offenders(dataset, columns, or_null=False),
    )


def reference_check(contract: Contract, dataset: Dataset, relationship: Relationship) -> Draft:
    """Draft a foreign key: no child row with a key that no parent row has; keys with NULL are ignored."""
    to = relationship.to
    child = tuple(each for each in (dataset.column(name) for name in relationship.columns) if each is not None)
    source = f"{dataset.name}.{child[0].name}" if len(child) == 1 else f"{dataset.name}: ({_names(child)})"
    words = f"{source} must exist in {to.text}"
    parent = contract.dataset(to.dataset)
    targets = tuple(each for each in (parent.column(name) for name in to.columns) if each) if parent else ()
    if to.problem or parent is None or len(targets) != len(child):
        probe = not_checked(to.problem or f"{to.text} is not declared in this contract", is_error=True)
        return structural(CheckKind.FOREIGN_KEY, dataset, child, words, probe, line=relationship.line)
    target = f"{parent.name}.{targets[0].name}" if len(targets) == 1 else f"{parent.name} ({_names(targets)})"
    condition = _orphan(child, parent, targets)
    table = f"{sql.table(table_name(dataset))} AS c"
    keys = tuple(key for key in dataset.primary_key if key not in child)
    return structural(
        CheckKind.FOREIGN_KEY,
        dataset,
        child,
        f"{source} must exist in {target}",
        Query(
            metric="",
            sql=f"SELECT COUNT(*) FROM {table} WHERE {condition}",
            threshold=ZERO,
            cost=_REFERENCE_COST * len(child),
        ),
        needs=(need(dataset, *child), need(parent, *targets)),
        line=relationship.line,
        offenders=Offenders(
            table=table,
            condition=condition,
            columns=tuple((each.name, f"c.{sql.identifier(each.physical_name)}") for each in (*keys, *child)),
            keys=len(keys),
        ),
    )


def _orphan(child: tuple[Column, ...], parent: Dataset, targets: tuple[Column, ...]) -> str:
    present = " AND ".join(f"c.{sql.identifier(each.physical_name)} IS NOT NULL" for each in child)
    same = " AND ".join(
        f"p.{sql.identifier(there.physical_name)} = c.{sql.identifier(here.physical_name)}"
        for here, there in zip(child, targets, strict=True)
    )
    return f"{present} AND NOT EXISTS (SELECT 1 FROM {sql.table(table_name(parent))} AS p WHERE {same})"


def _duplicates(
    dataset: Dataset, columns: tuple[Column, ...], metric: str, *, percent: bool, rule: QualityRule | None = None
) -> Query:
    repeated = f"({_repeated(dataset, columns)}) AS d"
    count = f"SELECT COUNT(*) FROM {repeated}"
    if percent:
        rows = f"(SELECT COUNT(*) FROM {sql.table(table_name(dataset))})"
        count = f"SELECT {sql.share_of('COUNT(*)', rows)} FROM {repeated}"
    threshold = rule.threshold if rule and rule.threshold else ZERO
    cost = _KEY_COST + _KEY_COLUMN_COST * len(columns)
    return Query(metric=metric, sql=count, threshold=threshold, cost=cost)


def _repeated(dataset: Dataset, columns: tuple[Column, ...]) -> str:
    names = [sql.identifier(column.physical_name) for column in columns]
    present = " AND ".join(f"{name} IS NOT NULL" for name in names)
    listed = ", ".join(names)
    table = sql.table(table_name(dataset))
    return f"SELECT {listed} FROM {table} WHERE {present} GROUP BY {listed} HAVING COUNT(*) > 1"


def _key_offenders(dataset: Dataset, columns: tuple[Column, ...], *, or_null: bool) -> Offenders:
    """Find the rows of repeated keys; for a primary key also the rows without one."""
    names = [sql.identifier(column.physical_name) for column in columns]
    left = names[0] if len(names) == 1 else f"({', '.join(names)})"
    condition = f"{left} IN ({_repeated(dataset, columns)})"
    if or_null:
        condition = " OR ".join([condition, *(f"{name} IS NULL" for name in names)])
    if len(columns) == 1:
        return offenders(dataset, columns[0], condition)
    return Offenders(
        table=sql.table(table_name(dataset)),
        condition=condition,
        columns=tuple((column.name, name) for column, name in zip(columns, names, strict=True)),
        keys=0,
    )


def _names(columns: tuple[Column, ...]) -> str:
    return ", ".join(column.name for column in columns)
