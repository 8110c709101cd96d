"""The rows of targets: what serialises all that is written about one of them."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Connection, and_, select

from monitor.domain.target import TargetKey
from monitor.store.tables import targets
from monitor.store.upsert import insert_missing


def is_target(target: TargetKey) -> ColumnElement[bool]:
    """Return the condition that a row of `targets` is this one."""
    return and_(
        targets.c.contract == target.contract, targets.c.major == target.major, targets.c.server == target.server
    )


def lock_target(connection: Connection, target: TargetKey) -> int:
    """Return the row of a target, made if it is missing; others who want to write about it wait."""
    wanted = select(targets.c.id).where(is_target(target)).with_for_update()
    found = connection.execute(wanted).scalar()
    if found is None:
        key = {"contract": target.contract, "major": target.major, "server": target.server}
        insert_missing(connection, targets, [key])
        found = connection.execute(wanted).scalar_one()
    return int(found)


def target_ids(connection: Connection, wanted: Collection[TargetKey]) -> Mapping[TargetKey, int]:
    """Return the rows of targets, made where they are missing; nobody waits for that."""
    columns = (targets.c.contract, targets.c.major, targets.c.server)
    keys = [{"contract": each.contract, "major": each.major, "server": each.server} for each in sorted(wanted)]
    insert_missing(connection, targets, keys)
    names = sorted({each.contract for each in wanted})
    rows = connection.execute(select(targets.c.id, *columns).where(targets.c.contract.in_(names)))
    found = {TargetKey(contract=row.contract, major=row.major, server=row.server): int(row.id) for row in rows}
    return {target: found[target] for target in wanted}
