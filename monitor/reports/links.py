"""Where each page of the report site lives: addresses that never change and never meet another one's.

A page is addressed by what it is about, never by a number: the link in a message of last year still leads there.
All paths are relative to the site's folder, with `/` between their parts.
"""

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote

from monitor.contracts.identifiers import slug_of
from monitor.domain.target import TargetKey

LONGEST = 80
INDEX = "index.html"

_PLAIN = re.compile(r"[a-z0-9_][a-z0-9._-]*")
_TAKEN = frozenset({"index"})
"""The file names, without `.html`, that a dataset's page must leave to others."""


def target_folder(target: TargetKey) -> str:
    """Return the folder of a target's pages: `contracts/<slug>/v<major>/<server>`."""
    return f"contracts/{slug_of(target.contract)}/v{file_name(target.major)}/{file_name(target.server)}"


def contract_page(target: TargetKey) -> str:
    """Return the path of a contract's page on one server."""
    return f"{target_folder(target)}/{INDEX}"


def dataset_page(target: TargetKey, dataset: str) -> str:
    """Return the path of a dataset's page; what belongs to no dataset stands on the contract's page."""
    return contract_page(target) if not dataset else f"{target_folder(target)}/{file_name(dataset)}.html"


def check_link(target: TargetKey, dataset: str, check_id: str) -> str:
    """Return the path of a check's section on its dataset's page, anchor included."""
    return f"{dataset_page(target, dataset)}#{anchor(check_id)}"


def run_page(target: TargetKey, run_id: str) -> str:
    """Return the path of a run's page."""
    return f"{target_folder(target)}/runs/{file_name(run_id)}.html"


def incident_page(target: TargetKey, incident_id: str) -> str:
    """Return the path of an incident's page."""
    return f"{target_folder(target)}/incidents/{file_name(incident_id)}.html"


def badge(target: TargetKey) -> str:
    """Return the path of a target's badge."""
    return f"{target_folder(target)}/badge.svg"


def status(target: TargetKey) -> str:
    """Return the path of a target's status for machines."""
    return f"{target_folder(target)}/status.json"


def check_url(public_url: str, target: TargetKey, dataset: str, check_id: str) -> str:
    """Return the whole address of a check's section, on the site that is served at `public_url`."""
    return f"{public_url.rstrip('/')}/{quoted(check_link(target, dataset, check_id))}"


def quoted(path: str) -> str:
    """Return a path as an address spells it; what is safe anyway, and the one `#` before an anchor, stays."""
    return quote(path, safe="/#~")


@lru_cache(maxsize=4096)
def relative(path: str, *, to: str) -> str:
    """Return how the page at `path` links to the page or file at `to`: equally good served or from a folder."""
    here, there = path.split("/")[:-1], to.split("/")
    same = 0
    while same < min(len(here), len(there) - 1) and here[same] == there[same]:
        same += 1
    return quoted("/".join([".."] * (len(here) - same) + there[same:]))


def file_name(name: str) -> str:
    """Return a name as a file, folder or address can hold it anywhere, also where case does not count.

    A name of small letters, digits, dots, hyphens and underscores stays as it is. Any other becomes what is left of it,
    a tilde (which no plain name has) and a hash: no two names share one, whoever chose them.
    """
    if _PLAIN.fullmatch(name) and len(name) <= LONGEST and name not in _TAKEN:
        return name
    if not name:
        return "~"
    words = re.sub(r"[^a-z0-9._-]+", "-", name.lower())[: LONGEST - 17].strip("-.")
    return f"{words}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def anchor(check_id: str) -> str:
    """Return the anchor of a check: its id, with every character that an address would change as `~hex~`."""
    return re.sub(r"[^A-Za-z0-9._-]", lambda match: f"~{ord(match[0]):x}~", check_id)
