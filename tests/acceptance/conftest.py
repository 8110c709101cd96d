"""The program in a folder of its own, on a database of its own; and one real browser for all who look at pages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.acceptance.program import Program
from tests.conftest import Warehouse

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def program(warehouse: Warehouse, tmp_path: Path) -> Program:
    return Program(folder=tmp_path, warehouse=warehouse)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing = f"NO BROWSER: {CHROMIUM} does not exist, so nobody looked at the page (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
