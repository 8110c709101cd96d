"""A table's check constraint → what an ODCS column can promise; None where it says more than that."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from monitor.contracts.document import Value

_Node: TypeAlias = Any  # a node of sqlglot, whose base class has another name in each of its versions

_BOUNDS: dict[type, str] = {
    exp.GTE: "minimum",
    exp.GT: "exclusiveMinimum",
    exp.LTE: "maximum",
    exp.LT: "exclusiveMaximum",
}
_MIRRORED: dict[type, type] = {exp.GTE: exp.LTE, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.LT: exp.GT}
_LENGTHS: dict[type, tuple[str, int]] = {
    exp.GTE: ("minLength", 0),
    exp.GT: ("minLength", 1),
    exp.LTE: ("maxLength", 0),
    exp.LT: ("maxLength", -1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What one condition promises of one column: `enum` (values), `required`, or an option such as `minimum`."""

    column: str
    key: str
    value: Value


def promises(condition: str) -> tuple[Promise, ...] | None:
    """Return what a condition promises, part by part; None if any part of it cannot be said in a contract."""
    try:
        tree = parse_one(condition, dialect="postgres")
    except SqlglotError:
        return None
    found: list[Promise] = []
    for part in _parts(tree):
        promise = _promise(part)
        if promise is None:
            return None
        found.extend(promise)
    return tuple(found)


def _parts(tree: _Node) -> Iterator[_Node]:
    tree = _bare(tree)
    if isinstance(tree, exp.And):
        yield from _parts(tree.left)
        yield from _parts(tree.right)
    else:
        yield tree


def _promise(part: _Node) -> tuple[Promise, ...] | None:
    if type(part) in _BOUNDS:
        return _bound(type(part), _bare(part.this), _bare(part.expression))
    match part:
        case exp.Between():
            low = _bound(exp.GTE, _bare(part.this), _bare(part.args["low"]))
            high = _bound(exp.LTE, _bare(part.this), _bare(part.args["high"]))
            return None if low is None or high is None else (*low, *high)
        case exp.In() if part.expressions:
            return _values(_bare(part.this), part.expressions)
        case exp.EQ() if isinstance(part.expression, exp.Any):
            array = _bare(part.expression.this)
            return _values(_bare(part.this), array.expressions) if isinstance(array, exp.Array) else None
        case exp.Or() | exp.EQ():
            return _either(part)
        case exp.RegexpLike():
            column, pattern = _bare(part.this), _literal(_bare(part.expression))
            if isinstance(column, exp.Column) and isinstance(pattern, str):
                return (Promise(column=column.name, key="pattern", value=pattern),)
        case exp.Not() if isinstance(_bare(part.this), exp.Is):
            return _not_null(_bare(part.this))
        case exp.Is() if part.args.get("negate"):  # newer versions of sqlglot
            return _not_null(part)
    return None


def _bound(sort: type, left: _Node, right: _Node) -> tuple[Promise, ...] | None:
    if not isinstance(right, exp.Literal | exp.Neg):
        if not isinstance(left, exp.Literal | exp.Neg):
            return None
        sort, left, right = _MIRRORED[sort], right, left
    value = _literal(right)
    if isinstance(left, exp.Length) and isinstance(value, int):
        key, shift = _LENGTHS[sort]
        inside = _bare(left.this)
        if isinstance(inside, exp.Column):
            return (Promise(column=inside.name, key=key, value=value + shift),)
    if isinstance(left, exp.Column) and value is not None:
        return (Promise(column=left.name, key=_BOUNDS[sort], value=value),)
    return None


def _not_null(found: _Node) -> tuple[Promise, ...] | None:
    column = _bare(found.this)
    if isinstance(column, exp.Column) and isinstance(found.expression, exp.Null):
        return (Promise(column=column.name, key="required", value=True),)
    return None


def _values(column: _Node, written: list[_Node]) -> tuple[Promise, ...] | None:
    values: list[Value] = [_literal(_bare(each)) for each in written]
    if not isinstance(column, exp.Column) or not values or None in values:
        return None
    return (Promise(column=column.name, key="enum", value=values),)


def _either(part: _Node) -> tuple[Promise, ...] | None:
    """Return `a = 1 OR a = 2` as the values of one column."""
    equals = [_bare(each) for each in (part.flatten() if isinstance(part, exp.Or) else (part,))]
    columns = {_bare(each.this).name for each in equals if isinstance(each, exp.EQ)}
    if len(columns) != 1 or not all(isinstance(each, exp.EQ) for each in equals):
        return None
    return _values(_bare(equals[0].this), [each.expression for each in equals])


def _bare(node: _Node) -> _Node:
    """Return what stands inside parentheses and casts: PostgreSQL writes both everywhere."""
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node


def _literal(node: _Node) -> str | int | Decimal | None:
    if isinstance(node, exp.Neg):
        inside = _literal(_bare(node.this))
        return -inside if isinstance(inside, int | Decimal) else None
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return str(node.this)
    try:
        number = Decimal(node.this)
    except InvalidOperation:
        return None
    return int(number) if number == number.to_integral_value() else number
