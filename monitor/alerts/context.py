"""What the words of an alert are made from, beside the changes that it tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from monitor.domain.contract import Contract
from monitor.domain.incident import Incident
from monitor.domain.scan import CheckResult, Run
from monitor.domain.target import TargetKey
from monitor.settings import QuietHours, RouteSettings
from monitor.store.values import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Where alerts go: `channel` where nothing names another, `ops_channel` for trouble of the monitor itself.

    `is_one_place` says that there is no choice: a webhook or a terminal. `quiet` is when only what is urgent is told.
    `public_url` is where links lead, None without a site; `has_buttons` says that somebody hears a press.
    """

    channel: str
    ops_channel: str
    is_one_place: bool = False
    rules: tuple[RouteSettings, ...] = ()
    quiet: QuietHours | None = None
    public_url: str | None = None
    has_buttons: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is known of the check that leads a story: when it last held, and what is different since, in words."""

    held: Held | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything known at the moment of the changes.

    `members` are the incidents of each group as they are now, also those that ended lately. `told` are the ids of the
    incidents of which people have heard. `results` are the latest of each check that stands; `evaluated` are the last
    evaluated ones of checks whose incident lives and whose latest result does not speak of data. `backgrounds` is by
    incident, and so are `heard`, the number that people knew before the changes, and `where`, the channels in which it
    was told. `met` are the contracts that a dead server keeps from being verified and whose teams did not ask for
    quiet. `run` is the latest run of the target, None where there is none.
    """

    target: TargetKey
    routes: Routes
    contract: Contract | None = None
    run: Run | None = None
    is_first_run: bool = False
    members: Mapping[str, tuple[Incident, ...]] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    results: Mapping[str, CheckResult] = field(default_factory=dict)
    evaluated: Mapping[str, CheckResult] = field(default_factory=dict)
    backgrounds: Mapping[str, Background] = field(default_factory=dict)
    heard: Mapping[str, Decimal] = field(default_factory=dict)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    met: Mapping[TargetKey, Contract] = field(default_factory=dict)
