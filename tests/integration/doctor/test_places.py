"""What the doctor says of this machine."""

from pathlib import Path

import pytest

from monitor.doctor import places
from monitor.doctor.finding import Grade
from monitor.settings import HttpSettings, Pages


def test_a_state_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    assert places.state(f"sqlite:///{tmp_path}/state.db").grade is Grade.OK
    (tmp_path / "text.db").write_text("no database " * 100)
    assert places.state(f"sqlite:///{tmp_path}/text.db").grade is Grade.BAD
    assert places.state("oracle://nowhere").grade is Grade.BAD


@pytest.mark.parametrize(("limit", "grade"), [("LITTLE", Grade.WARN), ("TOO_LITTLE", Grade.BAD)])
def test_a_disk_that_fills_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, grade: Grade) -> None:
    reports = tmp_path / "not" / "there" / "yet"
    assert [each.about for each in places.disks("postgresql://x/y", reports)] == ["reports"]
    assert [each.about for each in places.disks(f"sqlite:///{tmp_path}/s.db", reports)] == ["reports", "state"]
    monkeypatch.setattr(places, limit, 10**18)
    assert places.disk("reports", reports).grade is grade


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (HttpSettings(), "alerts have no links"),
        (HttpSettings(public_url="http://localhost:8650"), "each reader's own machine"),
        (HttpSettings(public_url="http://dq.example.com"), "is not encrypted"),
        (HttpSettings(host="0.0.0.0", public_url="https://x.example", pages=Pages.PROXY), "answer nobody"),  # noqa: S104
        (HttpSettings(host="0.0.0.0", public_url="https://x.example", tokens={"a": "b"}), "everybody who reaches"),  # noqa: S104
    ],
)
def test_what_others_would_see_is_judged(settings: HttpSettings, told: str) -> None:
    (finding,) = places.http(settings, is_told=True)
    assert finding.grade is Grade.WARN
    assert told in finding.told


def test_a_site_with_a_name_and_a_token_is_fine() -> None:
    settings = HttpSettings(public_url="https://dq.example.com", tokens={"a": "b"})
    assert places.http(settings, is_told=True)[0].grade is Grade.OK
    assert places.http(HttpSettings(), is_told=False)[0].grade is Grade.OK
