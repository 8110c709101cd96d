"""A pattern means the same to PCRE2 and ICU, or is refused."""

import pytest

from monitor.checks.pcre import NotPcreError, to_pcre


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("b+", "(?s)b+"),
        ("^a$", r"(?s)^a\z"),
        (r"\$", r"(?s)\$"),
        ("[$]", "(?s)[$]"),
        (r"\d{2,}{#", r"(?s)[0-9]{2,}\{#"),
        (r"[\d_]", "(?s)[0-9_]"),
        ("(?i)a", "(?is)a"),
        ("a{,2}", r"(?s)a\{,2\}"),
        ("[]a]", r"(?s)[\]a]"),
        (r"\s", r"(?s)[\x{9}-\x{d}\x{20}]"),
        ("[a&&b]", r"(?s)[a\&\&b]"),
        (r"\v", r"(?s)\x{b}"),
        ("a+?", "(?s)a+?"),
    ],
)
def test_what_both_understand(pattern: str, meant: str) -> None:
    assert to_pcre(pattern) == meant


@pytest.mark.parametrize("pattern", ["a++", "a{2}+", "(*ACCEPT)", "(?=a)b", r"(a)\1", r"\bab", "[[:punct:]]"])
def test_what_one_of_them_would_misread_is_refused(pattern: str) -> None:
    with pytest.raises(NotPcreError):
        to_pcre(pattern)
