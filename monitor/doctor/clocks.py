"""How far the clock of a database may be from ours."""

from datetime import timedelta

from monitor.doctor.finding import Finding, bad, fine, warn

TOLERATED = timedelta(seconds=5)
TOO_FAR = timedelta(minutes=5)
"""Data that are newer than this after the run are taken for wrong (a check of freshness fails)."""


def clock(about: str, skew: timedelta) -> Finding:
    """Judge by how much a database's clock is ahead of ours: ages of data, and what is due, are told by both."""
    seconds = abs(skew.total_seconds())
    told = f"its clock is {seconds:.1f} s {'ahead of' if skew > timedelta(0) else 'behind'} ours"
    mend = "let both machines follow the same time servers (NTP)"
    if abs(skew) > TOO_FAR:
        return bad(about, told, mend)
    return warn(about, told, mend) if abs(skew) > TOLERATED else fine(about, told)
