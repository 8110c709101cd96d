"""Who and where: servers, team and support channels of a contract."""

from monitor.contracts.findings import shown
from monitor.contracts.node import Node
from monitor.domain.contract import ContractServer, Owner, SupportChannel

HIGHEST_PORT = 65_535


def read_servers(root: Node) -> tuple[ContractServer, ...]:
    """Return the servers in file order; two of one name are a problem."""
    servers: list[ContractServer] = []
    lines: dict[str, int] = {}
    for node in root.items("servers"):
        name, kind = node.text("server"), node.text("type")
        if name is None or kind is None:
            continue
        if not name.strip():
            node.at("server").problem("found an empty name")
        if name in lines:
            node.at("server").problem(f"the server {shown(name)} stands here twice; first on line {lines[name]}")
        lines.setdefault(name, node.line)
        servers.append(
            ContractServer(
                name=name,
                type="postgres" if kind == "postgresql" else kind,
                environment=node.text("environment"),
                host=node.text("host"),
                port=_port(node),
                database=node.text("database") or node.text("project") or node.text("catalog"),
                schema=node.text("schema") or node.text("dataset"),
                path=node.text("path"),
                format=node.text("format"),
                line=node.line,
            )
        )
    return tuple(servers)


def read_owner(root: Node) -> Owner:
    """Return the team: its name, and its members by name or else username; 3.0 has a bare list of members."""
    team = root.at("team")
    listed = team.items("members") if isinstance(team.value, dict) else root.items("team")
    members = [member for member in listed if not member.text("dateOut")]
    names = [member.text("name") or member.text("username") for member in members]
    usernames = [member.text("username") for member in members]
    return Owner(
        team=team.text("name"),
        members=tuple(name for name in names if name),
        usernames=tuple(name for name in usernames if name),
    )


def read_support(root: Node) -> tuple[SupportChannel, ...]:
    """Return the support channels in file order."""
    return tuple(
        SupportChannel(channel=channel, tool=node.text("tool"), scope=node.text("scope"), url=node.text("url"))
        for node in root.items("support")
        if (channel := node.text("channel")) is not None
    )


def _port(node: Node) -> int | None:
    written = node.scalar("port")
    if written is None:
        return None
    port = node.whole("port")
    if isinstance(written, str) and written.isascii() and written.isdigit() and len(written) <= 5:  # noqa: PLR2004 65535
        port = int(written)
    if port is None or not 0 < port <= HIGHEST_PORT:
        node.at("port").problem(f"found {shown(written)}, expected a port from 1 to {HIGHEST_PORT}")
        return None
    return port
