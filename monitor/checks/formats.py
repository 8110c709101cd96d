"""What a named format means: ODCS `logicalTypeOptions.format` as patterns and bounds."""

from decimal import Decimal

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_GROUP = r"[0-9A-Fa-f]{1,4}"


def _ipv6() -> str:
    """Build the pattern of RFC 4291 section 2.2: eight groups, at most one `::`, an IPv4 tail for the last two."""
    tail = f"({_GROUP}:{_GROUP}|{_IPV4})"
    forms = [rf"({_GROUP}:){{6}}{tail}"]
    for before in range(8):
        head = rf"(({_GROUP}:){{0,{before - 1}}}{_GROUP})?" if before else ""
        after = 7 - before
        if after >= 2:  # noqa: PLR2004 - a tail stands for two groups
            forms.append(rf"{head}::({_GROUP}:){{{after - 2}}}{tail}")
        elif after == 1:
            forms.append(rf"{head}::{_GROUP}")
        else:
            forms.append(rf"{head}::")
    return "^(" + "|".join(forms) + ")$"


TEXT_FORMATS = {
    "email": rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(\.{_LABEL})+$",
    "uuid": r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})+$",
    "hostname": rf"^(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*$",
    "ipv4": f"^{_IPV4}$",
    "ipv6": _ipv6(),
}
"""Patterns for text, unanchored search as PostgreSQL's `~` does it, so each anchors itself."""

_SINGLE = 2**128 - 2**104
_DOUBLE = 2**1024 - 2**971

NUMBER_FORMATS = {
    **{f"i{bits}": (Decimal(-(2 ** (bits - 1))), Decimal(2 ** (bits - 1) - 1)) for bits in (8, 16, 32, 64, 128)},
    **{f"u{bits}": (Decimal(0), Decimal(2**bits - 1)) for bits in (8, 16, 32, 64, 128)},
    "f32": (Decimal(-_SINGLE), Decimal(_SINGLE)),  # arithmetic of Decimals would round to 28 digits
    "f64": (Decimal(-_DOUBLE), Decimal(_DOUBLE)),
}
"""Inclusive bounds of ODCS's number formats."""
