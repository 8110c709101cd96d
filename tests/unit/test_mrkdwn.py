"""No text of a stranger is ever active in Slack."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import mrkdwn
from monitor.mrkdwn import code, escape, link, plain, without_broadcasts, words

HOSTILE = [
    "<!channel>",
    "<!here|look>",
    "<@U0ANNA0000>",
    "<!subteam^S123>",
    "<https://evil.example|your bank>",
    "&lt;!channel&gt;",
    "*bold* _it_ ~no~ `code` ```block```",
    ":white_check_mark: all good",
    ">quoted",
    "a\n>quoted\n*b*",
    "zero\u200bwidth \u202eoverride \u2066isolate",
    "\x1b[31mred\x07",
    "` <!channel> `",
]
hostile = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(
        st.sampled_from([*"<>&!@#|*_~`:\n\r\t a1", "\u200b", "\u202e", "channel", "http://x", "U1"]), max_size=30
    ).map("".join),
    st.text(max_size=60),
)


def entities_gone(markup: str) -> str:
    return re.sub("&(?:amp|lt|gt);", "%", markup)


@given(hostile)
def test_words_hold_nothing_that_slack_obeys(text: str) -> None:
    left = entities_gone(words(text))
    assert not set(left) & set("<>&*~`\n\r\x1b\u200b\u202e")
    assert not words(text).startswith("&gt;")
    assert not re.search(r"(?:^|\W)_|_(?:\W|$)", left.replace("ˍ", ""))
    assert not re.search(r":[\w+'-]*[a-z][\w+'-]*:", left, re.IGNORECASE)


@given(hostile)
def test_code_ends_only_where_we_end_it(text: str) -> None:
    shown = code(text)
    assert (shown[0], shown[-1], shown.count("`")) == ("`", "`", 2)
    assert not set(entities_gone(shown)) & set("<>&\n\r\x1b\u200b\u202e")
    assert len(shown) > 2


@given(hostile, hostile)
def test_a_link_is_one_link_or_none(url: str, label: str) -> None:
    shown = link(url, label)
    assert shown == words(label) or re.fullmatch(r"<https?://[^<>|\s]+\|[^<>|]*>", shown)


@given(st.text(st.characters(exclude_characters="*`:")))
def test_escaping_loses_nothing(text: str) -> None:
    assert plain(escape(text)) == text


@given(hostile)
def test_only_markup_of_ours_is_undone_where_there_is_none(text: str) -> None:
    shown = words(text)
    assert plain(shown) == shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("flights.air_time.range", "flights.air_time.range"),
        ("02:00:14 UTC", "02:00:14 UTC"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("2 * 3", "2 ∗ 3"),
        ("two\nlines", "two lines"),
        ("héllo 数据 🎉", "héllo 数据 🎉"),
    ],
)
def test_ordinary_words_stay_as_they_are(text: str, shown: str) -> None:
    assert words(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("_a_*b", "`_a_*b`"), ("a\nb", "`a\\nb`"), (" x", "`␣x`"), ("", "`(empty)`"), ("  ", "`␣␣`"), ("a`b", "`aˋb`")],
)
def test_code_shows_a_value_exactly(text: str, shown: str) -> None:
    assert code(text) == shown


def test_code_is_cut_where_it_is_too_long() -> None:
    assert code("x" * 400) == f"`{'x' * 299}…`"


def test_a_link_to_anything_but_the_web_is_only_its_label() -> None:
    assert link("https://dq.example.com/a?b=1&c=2", "report") == "<https://dq.example.com/a?b=1&amp;c=2|report>"
    assert link("javascript:alert(1)", "report") == "report"
    assert link("https://[", "report") == "report"


def test_markup_reads_well_where_there_is_none() -> None:
    assert plain(":red_circle: *a* <https://x.example|run> &lt;b&gt; <https://y.example> · `c`") == (
        "BROKEN a run (https://x.example) <b> https://y.example · c"
    )


@given(hostile)
@settings(max_examples=50)
def test_a_broadcast_is_disarmed_wherever_it_comes_from(text: str) -> None:
    assert not re.search("<!(channel|here|everyone)", without_broadcasts(text + "<!channel><!HERE|x>"), re.IGNORECASE)


def test_templates_know_every_filter() -> None:
    assert set(mrkdwn.FILTERS) == {"words", "code", "link"}
