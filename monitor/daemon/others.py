"""What the daemons of one state database know of each other: what each watches, and which files are none for it. Pure.

One that started before a file broke still runs what was in it; one that started after has never seen it. So nobody may
take for gone, or for mended, what another daemon sees.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from monitor.daemon.status import STALE
from monitor.store.slots import Watched
from monitor.store.types import Json
from monitor.store.values import Heartbeat

TOLD = 100
"""So many files that are no contracts are told to others; more are the trouble of each daemon alone."""

LONGEST = 500
"""Characters that others hear of what is wrong with a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a daemon sees: a name for all that it watches, and of each file that is no contract why."""

    watches: str = ""
    invalid: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Json]:
        """Return what the heartbeat row says of it."""
        few = islice(sorted(self.invalid.items()), TOLD)
        return {"watches": self.watches, "invalid_files": {file: why[:LONGEST] for file, why in few}}


def sight(watched: Collection[Watched], invalid: Mapping[str, str]) -> Sight:
    """Return what a daemon sees that watches these targets; two that watch the same give it the same name."""
    lines = "\n".join(sorted(str(each) for each in watched))
    return Sight(watches=hashlib.sha256(lines.encode()).hexdigest(), invalid=invalid)


def sights_of_others(beats: Iterable[Heartbeat], name: str, now: datetime) -> Iterator[Sight]:
    """Yield what the other daemons see that live and stay."""
    for beat in beats:
        watches, invalid = beat.details.get("watches"), beat.details.get("invalid_files")
        lives = beat.name != name and now - beat.at < timedelta(seconds=STALE)
        if lives and isinstance(watches, str) and isinstance(invalid, Mapping):
            yield Sight(watches=watches, invalid={file: str(why) for file, why in invalid.items()})
