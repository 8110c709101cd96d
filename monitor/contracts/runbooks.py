"""`authoritativeDefinitions` of type runbook: what to do when a promise is broken (ODCS fundamentals, 3.0 on)."""

from monitor.contracts.findings import shown
from monitor.contracts.node import Node
from monitor.domain.runbook import Runbook
from monitor.mrkdwn import web_address


def read_runbook(owner: Node) -> Runbook | None:
    """Return the first runbook of a contract, object, property, rule or service level.

    Only a page of the web is one: an alert links to it, and a reader must be able to trust the link.
    """
    found: list[Runbook] = []
    for node in owner.items("authoritativeDefinitions"):
        if (node.text("type") or "").strip().casefold() != "runbook":
            continue
        url = (node.text("url") or "").strip()
        if not web_address(url):
            node.at("url").remark(f"found {shown(url)}, expected an address with http:// or https://; not linked to")
            continue
        found.append(Runbook(url=url, summary=(node.text("description") or "").strip() or None))
        if len(found) > 1:
            node.remark("alerts link to the first runbook only")
    return found[0] if found else None
