"""The process that asks a warehouse's catalogue for a scan's parent: no driver of a connector runs anywhere else."""

from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection

from monitor.domain.check import TableName
from monitor.domain.scan import Seen
from monitor.engines.soda_run import preload
from monitor.engines.sql_errors import StatementFailedError
from monitor.engines.warehouses.base import Route, Session, Unreachable
from monitor.engines.warehouses.connector import Guarded
from monitor.engines.warehouses.connector_catalogue import look_up

__all__ = ["preload", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to look for, and where."""

    route: Route
    session: Session
    tables: tuple[TableName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is there."""

    seen: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Why nothing could be seen, in one line without secrets."""

    reason: str


def run(channel: Connection, question: object) -> None:
    """Answer a question over the channel."""
    if not isinstance(question, Question):
        raise TypeError(type(question))
    try:
        with closing(Guarded(question.route, question.session)) as guarded:
            answer = Looked(seen=look_up(guarded, question.route["type"], question.tables))
    except (Unreachable, StatementFailedError) as error:
        channel.send(NoAnswer(reason=str(error)))
    else:
        channel.send(answer)
