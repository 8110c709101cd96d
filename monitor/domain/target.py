"""What is watched: one major version of a contract on one server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TargetKey:
    """The owner of slots, incidents, threads and "the verdict now": staging never overwrites production.

    Without a contract it is the server itself, without both the monitor: owners of troubles that no contract has.
    """

    contract: str
    major: str
    server: str

    def __str__(self) -> str:
        """Return the target as people name it: `nyc-flights 1 on warehouse`."""
        if not self.contract:
            return f"server {self.server}" if self.server else "the monitor"
        return f"{self.contract} {self.major} on {self.server}"


MONITOR = TargetKey(contract="", major="", server="")


def server_itself(name: str) -> TargetKey:
    """Return the owner of what is wrong with a server, whichever contract meets it."""
    return TargetKey(contract="", major="", server=name)
