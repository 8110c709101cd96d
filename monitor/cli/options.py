"""Options and words that several commands share."""

import getpass
import re
from datetime import timedelta

import click

from monitor.errors import UsageError

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
FORMAT = click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
BY = click.option("--by", default=None, help="Who decides.  [default: the user of this terminal]")


def user_of(by: str | None) -> str:
    """Return who decides. Raises UsageError where the terminal has no user."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        raise UsageError("--by: who decides?") from None


def span_of(text: str, option: str = "--for") -> timedelta:
    """Return a span such as 30m, 1h or 1d, of up to four digits. Raises UsageError for anything else."""
    match = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if match is None or not int(match[1]):
        raise UsageError(f"{option} {text}: expected a duration such as 30m, 1h or 1d, up to 9999d")
    return int(match[1]) * UNITS[match[2]]
