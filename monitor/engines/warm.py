"""The warm process in which Soda is already imported; light to import, so that it can be the first thing started."""

import os

from monitor.engines.process import Nursery, scrubbed

_PROGRAM = "monitor.engines.soda_child:run"


def soda_nursery(variables: tuple[str, ...] = ()) -> Nursery:
    """Return the nursery of Soda's children; they see the named environment variables beside the harmless ones."""
    return Nursery(_PROGRAM, scrubbed(os.environ, variables))
