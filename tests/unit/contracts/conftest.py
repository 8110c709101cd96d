"""Contracts for tests are written as they stand in files: a head, and the part that a test is about."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.contracts.reading import load
from monitor.domain.contract import Contract
from monitor.errors import ContractError

HEAD = """\
apiVersion: {api}
kind: DataContract
id: shop-orders
version: 1.0.0
status: active
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a contract file: the head (lines 1 to 5) followed by the given text (from line 6 on)."""

    def written(text: str, *, api: str = "v3.2.0", name: str = "orders.odcs.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD.format(api=api) + textwrap.dedent(text), encoding="utf-8")
        return path

    return written


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[..., Contract]:
    """Read a contract that is valid."""

    def contract(text: str, *, api: str = "v3.2.0", variables: dict[str, str] | None = None) -> Contract:
        return load(write(text, api=api), variables=variables or {})

    return contract


@pytest.fixture
def problems(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """Return the problems of a contract that is refused."""

    def found(text: str, *, api: str = "v3.2.0", variables: dict[str, str] | None = None) -> list[str]:
        with pytest.raises(ContractError) as refused:
            load(write(text, api=api), variables=variables or {})
        return refused.value.problems

    return found
