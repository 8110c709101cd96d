"""Five messages, word for word: whoever changes one reads what people will read."""

import pytest

from tests.unit.alerts.stories import GOLDEN, shown, stories


def test_every_golden_file_has_its_story() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(stories())


@pytest.mark.parametrize("name", sorted(stories()))
def test_the_message_reads_as_it_should(name: str) -> None:
    text = shown(stories()[name])
    wanted = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert text == wanted, "if it is meant: python -m tests.unit.alerts.stories"
