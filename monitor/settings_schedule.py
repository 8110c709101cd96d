"""`[schedule]` and `[daemon]` of `pactwatch.toml`: when contracts are verified, and how the daemon goes about it."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from monitor.domain.cron import cron_problem
from monitor.settings import CatchUp, DaemonSettings, Dispatcher, ScheduleSettings
from monitor.settings_base import Seconds, Table, Zone, duration, split


def _cron(expression: str) -> str:
    problem = cron_problem(expression)
    if problem is not None:
        raise ValueError(problem)
    return expression


def _ping_address(value: str) -> str:
    parts = split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected an address that begins with https://")
    return value


class Schedule(Table):
    """`[schedule]`."""

    default: Annotated[str, AfterValidator(_cron)] = ScheduleSettings().default
    timezone: Zone = ScheduleSettings().timezone
    catch_up: Annotated[CatchUp, Field(strict=False)] = ScheduleSettings().catch_up
    window: Seconds = ScheduleSettings().window
    grace: Seconds = ScheduleSettings().grace
    spread: Annotated[float, BeforeValidator(duration), Field(ge=0)] = ScheduleSettings().spread
    schema_every: Annotated[float, BeforeValidator(duration), Field(ge=1)] | None = None

    def value(self) -> ScheduleSettings:
        """Return it as the rest of the program knows it."""
        return ScheduleSettings(**self.model_dump())


class Daemon(Table):
    """`[daemon]`."""

    workers: Annotated[int, Field(ge=1, le=256)] = DaemonSettings().workers
    dispatcher: Annotated[Dispatcher, Field(strict=False)] = DaemonSettings().dispatcher
    run_timeout: Seconds = DaemonSettings().run_timeout
    lease: Annotated[float, BeforeValidator(duration), Field(ge=2)] = DaemonSettings().lease
    retries: Annotated[int, Field(ge=0, le=10)] = DaemonSettings().retries
    heartbeat_file: str | None = None
    ping_url: Annotated[str, AfterValidator(_ping_address)] | None = None
    ping_every: Seconds = DaemonSettings().ping_every

    def value(self, folder: Path) -> DaemonSettings:
        """Return it as the rest of the program knows it; files are found from the configuration's folder."""
        file = None if self.heartbeat_file is None else folder / self.heartbeat_file
        return DaemonSettings(**self.model_dump(exclude={"heartbeat_file"}), heartbeat_file=file)
