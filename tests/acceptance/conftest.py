"""The program in a folder of its own, on a database of its own."""

from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.conftest import Warehouse


@pytest.fixture
def program(warehouse: Warehouse, tmp_path: Path) -> Program:
    return Program(folder=tmp_path, warehouse=warehouse)
