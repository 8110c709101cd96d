"""A value of the document with its place: reads what fits, passes over what the schema has already refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from monitor.contracts.document import Value
from monitor.contracts.findings import Findings, Path
from monitor.domain.contract import Scalar


@dataclass(frozen=True, slots=True)
class Node:
    """One value at one path. Reading a child of another type than asked for gives nothing, never an exception."""

    value: Value
    path: Path
    findings: Findings

    @property
    def line(self) -> int:
        """Return the line on which this value starts."""
        return self.findings.line_of(self.path)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of a mapping, in file order."""
        return tuple(self.value) if isinstance(self.value, dict) else ()

    def at(self, key: str) -> "Node":
        """Return the child at this key; its value is None if there is none."""
        return Node(self._value(key), (*self.path, key), self.findings)

    def _value(self, key: str) -> Value:
        return self.value.get(key) if isinstance(self.value, dict) else None

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def items(self, key: str) -> Iterator["Node"]:
        """Yield the mappings in the list at this key."""
        below = self._value(key)
        if isinstance(below, list):
            for index, item in enumerate(below):
                if isinstance(item, dict):
                    yield Node(item, (*self.path, key, index), self.findings)

    def text(self, key: str) -> str | None:
        """Return the text at this key."""
        value = self._value(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int | Decimal | None:
        """Return the number at this key, exact."""
        value = self._value(key)
        return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None

    def whole(self, key: str) -> int | None:
        """Return the whole number at this key; 5.0 is 5."""
        number = self.number(key)
        return None if number is None or number != int(number) else int(number)

    def flag(self, key: str) -> bool:
        """Say whether the value at this key is true."""
        return self._value(key) is True

    def scalar(self, key: str) -> Scalar:
        """Return the scalar at this key."""
        value = self._value(key)
        return None if isinstance(value, list | dict) else value

    def scalars(self, key: str) -> tuple[Scalar, ...] | None:
        """Return the scalars in the list at this key, or None if there is no list."""
        value = self._value(key)
        if not isinstance(value, list):
            return None
        return tuple(item for item in value if not isinstance(item, list | dict))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts in the list at this key."""
        return tuple(item for item in self.scalars(key) or () if isinstance(item, str))

    def problem(self, text: str) -> None:
        """Record a problem of this value."""
        self.findings.problem(self.path, text)

    def unchecked(self, dataset: str, reason: str) -> None:
        """Record that this value promises something of a dataset that nothing here can check."""
        self.findings.unchecked(self.path, dataset, reason)

    def remark(self, text: str) -> None:
        """Record a remark about this value."""
        self.findings.remark(self.path, text)
