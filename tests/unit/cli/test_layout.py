import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.cli.layout import edged, hanging, plain, side_by_side, wrap

TEXT = st.text(st.sampled_from("ab 日é-\n"), max_size=80)


@given(TEXT, st.integers(12, 40))
def test_no_line_is_wider_than_asked_for_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_where_they_can() -> None:
    assert wrap("one two three four", 12) == ("one two", "three four")


def test_indentation_and_inner_spaces_stay() -> None:
    assert wrap("SELECT 'a  b'\n  FROM t", 20) == ("SELECT 'a  b'", "  FROM t")


def test_wide_characters_are_measured_in_cells() -> None:
    assert wrap("日本語日本語日本語", 12) == ("日本語日本語", "日本語")


@given(st.text(st.sampled_from("ab 日é"), min_size=1, max_size=120), st.integers(24, 120))
def test_a_note_ends_at_the_right_edge_or_stands_below(text: str, width: int) -> None:
    lines = plain(
        edged("WARN", text, "consistency", width=width, gutter=8, word_style="", style="", right_style="")
    ).splitlines()
    noted = [line for line in lines if line.endswith("consistency")]
    assert all(cell_len(line) <= width for line in lines)
    assert [cell_len(line) for line in noted] in ([width], [19])


@pytest.mark.parametrize(("width", "lines"), [(80, 1), (30, 2)])
def test_two_texts_share_a_line_only_if_both_fit(width: int, lines: int) -> None:
    assert len(side_by_side("a.b.c", "contracts/a.yaml:1", width=width, indent=8, column=37, style="")) == lines


def test_following_lines_stand_below_the_text() -> None:
    assert plain(hanging("next", "do this and then that", width=24, indent=2)) == (
        "  next  do this and then\n        that\n"
    )
