"""Where each page of the report site is: paths and permalinks that names of strangers cannot bend.

`contracts/<slug>/v<major>/<server>/` is the folder of a target: its page is `index.html`, that of a dataset
`<dataset>.html`, and a check is the anchor of its id there. A link that was sent once leads there for good.
"""

import re
from hashlib import sha256
from urllib.parse import quote

from monitor.contracts.identifiers import slug_of
from monitor.domain.target import TargetKey

_OWN_PAGE = "index"
_MARKED = re.compile(r"(?:.*-)?[0-9a-f]{8}")
"""What ends like the hash that a changed name gets."""


def name_slug(name: str) -> str:
    """Return the name of a server or dataset for a file: `[a-z0-9._-]`, and never that of another name.

    A name that had to be changed ends with a hash, and so does one that only looks as if it did.
    """
    slug = slug_of(name)
    if slug != name or not (_MARKED.fullmatch(name) or name == _OWN_PAGE):
        return slug
    return f"{name[:71].rstrip('-.')}-{sha256(name.encode()).hexdigest()[:8]}"


def target_folder(target: TargetKey) -> str:
    """Return the folder of a target's pages, from the site's own folder: `contracts/orders/v1/warehouse`."""
    return f"contracts/{slug_of(target.contract)}/v{name_slug(target.major)}/{name_slug(target.server)}"


def dataset_page(target: TargetKey, dataset: str) -> str:
    """Return the page where the checks of a dataset stand; what belongs to none stands on the target's page."""
    return f"{target_folder(target)}/{name_slug(dataset) if dataset else _OWN_PAGE}.html"


def anchor(check_id: str) -> str:
    """Return the part of an address that leads to a check, `#` and its id."""
    return f"#{quote(check_id, safe='')}"


def check_url(public_url: str, target: TargetKey, dataset: str, check_id: str) -> str:
    """Return the permalink of a check on the site that is served at `public_url`."""
    return f"{public_url.rstrip('/')}/{dataset_page(target, dataset)}{anchor(check_id)}"
