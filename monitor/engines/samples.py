"""The offending values of a broken check: a summary and a few rows, masked and cut; nothing here changes an outcome."""

from monitor.checks.dialect import Dialect, dialect_of
from monitor.domain.check import Check, CheckKind, Offenders
from monitor.domain.scan import Sample
from monitor.engines import sql_errors
from monitor.engines.messages import Shown
from monitor.engines.warehouses.base import Guarded
from monitor.words import counted

MASK = "•••"
MAX_CELL = 200
MAX_SAMPLE = 16_384
_MAX_VALUES = 5
_ORDERED = frozenset({CheckKind.RANGE})
_ABOUT_ABSENCE = frozenset({CheckKind.NOT_NULL, CheckKind.NULL_VALUES})


def take(guarded: Guarded, check: Check, rows: int, shown: frozenset[tuple[str, str]]) -> Shown:
    """Return what may be shown of a broken check's rows; a query that fails becomes a remark."""
    offenders = check.offenders
    if offenders is None or guarded.loss():
        return Shown(check_id=check.id, offending=None, sample=None)
    try:
        offending = _summary(guarded, check, offenders, shown)
        return Shown(check_id=check.id, offending=offending, sample=_rows(guarded, check, offenders, rows, shown))
    except sql_errors.SERVER_ERRORS as error:
        reason = sql_errors.reason_of(error, may_show_values=False)
        return Shown(check_id=check.id, offending=f"sample not available: {reason}", sample=None)


def cut(text: str) -> str:
    """Shorten a cell to what people read."""
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _summary(guarded: Guarded, check: Check, offenders: Offenders, shown: frozenset[tuple[str, str]]) -> str | None:
    guilty = offenders.columns[offenders.keys :]
    if not guilty or check.kind in _ABOUT_ABSENCE or any((check.dataset, name) not in shown for name, _ in guilty):
        return None
    columns, text = [sql for _, sql in guilty], _dialect(guarded).text_of
    condition = offenders.condition
    if check.kind is CheckKind.PRIMARY_KEY:  # a row without a key has no value; the reason counts such rows
        condition = " AND ".join([f"({condition})", *(f"{column} IS NOT NULL" for column in columns)])
    source = f"FROM {offenders.table} WHERE {condition}"
    if check.kind in _ORDERED and len(columns) == 1:
        ((lowest, highest),) = guarded.rows(
            f"SELECT {text(f'MIN({columns[0]})')}, {text(f'MAX({columns[0]})')} {source}"
        )
        if lowest == highest:
            return f"always {_cell(lowest)}"
        return f"lowest {_cell(lowest)}, highest {_cell(highest)}"
    texts = ", ".join(text(column) for column in columns)
    places = ", ".join(str(place) for place in range(1, len(columns) + 1))
    found = guarded.rows(
        f"SELECT {texts}, COUNT(*) AS n, COUNT(*) OVER () {source}"
        f" GROUP BY {places} ORDER BY n DESC, {places} LIMIT {_MAX_VALUES}"
    )
    if not found:
        return None
    total = int(str(found[0][-1]))
    listed = " · ".join(f"{_key(row[:-2])} ({counted(int(str(row[-2])), 'row')})" for row in found)
    more = " · …" if total > len(found) else ""
    return f"{counted(total, 'value')}: {listed}{more}"


def _key(cells: tuple[object, ...]) -> str:
    key = ", ".join(_cell(cell) for cell in cells)
    return f"({key})" if len(cells) > 1 else key


def _rows(
    guarded: Guarded, check: Check, offenders: Offenders, rows: int, shown: frozenset[tuple[str, str]]
) -> Sample | None:
    if not offenders.columns:
        return None
    text = _dialect(guarded).text_of
    visible = [(check.dataset, name) in shown for name, _ in offenders.columns]
    # What is masked never leaves the server; of the rest, one character more than is kept tells that it was cut.
    cells = ", ".join(
        f"LEFT({text(sql)}, {MAX_CELL + 1})" if may_show else f"'{MASK}'"
        for (_, sql), may_show in zip(offenders.columns, visible, strict=True)
    )
    found = guarded.rows(f"SELECT {cells} FROM {offenders.table} WHERE {offenders.condition} LIMIT {rows}")
    kept: list[tuple[str, ...]] = []
    size = 0
    for row in found:
        line = tuple(_cell(cell) for cell in row)
        size += sum(len(cell.encode()) for cell in line)
        if size > MAX_SAMPLE:
            break
        kept.append(line)
    return Sample(columns=tuple(name for name, _ in offenders.columns), rows=tuple(kept))


def _dialect(guarded: Guarded) -> Dialect:
    return dialect_of(guarded.source.removeprefix("guarded_"))


def _cell(value: object) -> str:
    return "NULL" if value is None else cut(str(value))
