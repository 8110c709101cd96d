import pytest

from monitor.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("\x9b31m", r"\x9b31m"),
        ("exe.\u202egnp", r"exe.\u202egnp"),
        ("\u2066iso\u2069", r"\u2066iso\u2069"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("BQN\u200b", r"BQN\u200b"),
        ("\ufeffid", r"\ufeffid"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("日本語 é שלום", "日本語 é שלום"),
        ("BQN\u200d", r"BQN\u200d"),
    ],
)
def test_hidden_characters_are_shown_as_escapes_and_all_others_as_they_are(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d💻"])
def test_a_joiner_that_belongs_to_the_spelling_stays(text: str) -> None:
    assert visible(text) == text


def test_lines_may_stay_lines() -> None:
    assert visible("SELECT 1\n\tFROM t\x00", keep="\n\t") == "SELECT 1\n\tFROM t\\x00"
