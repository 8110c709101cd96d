"""What is watched: one major version of a contract on one server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TargetKey:
    """The owner of slots, incidents, threads and "the verdict now": staging never overwrites production."""

    contract: str
    major: str
    server: str

    def __str__(self) -> str:
        """Return the target as people name it: `nyc-flights 1 on warehouse`."""
        return f"{self.contract} {self.major} on {self.server}"
