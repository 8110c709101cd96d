"""The front door: one contract file in, one Contract out, or every reason why not."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from monitor.contracts.dialect import check_version, normalise
from monitor.contracts.document import Document
from monitor.contracts.files import Source, read
from monitor.contracts.findings import Finding, Findings
from monitor.contracts.odcs import Origin, read_contract
from monitor.contracts.variables import substitute
from monitor.contracts.yaml_reader import YamlError, read_yaml
from monitor.domain.contract import Contract
from monitor.errors import ContractError

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
VARIABLES_SINCE = "v3.2.0"


def load(path: Path, *, variables: Mapping[str, str] = NO_VARIABLES, shown_as: str | None = None) -> Contract:
    """Read one contract file; `variables` are the values of `${NAME}` that the settings allow.

    Raises:
        ContractError: The file is no valid contract; `problems` holds every one as `line: where: what`.
    """
    file = shown_as or str(path)
    return parse(read(path, file), file, variables=variables)


def parse(source: Source, file: str, *, variables: Mapping[str, str] = NO_VARIABLES) -> Contract:
    """Turn the text of a contract file into a Contract; pure.

    Raises:
        ContractError: As for `load`.
    """
    try:
        document = read_yaml(source.text)
    except YamlError as error:
        raise ContractError(file, _yaml_problems(error)) from error
    findings = Findings(document.line_of, document.where)
    contract = _contract(document, findings, Origin(file=file, fingerprint=source.fingerprint), variables)
    if contract is None or findings.problems:
        raise ContractError(file, findings.problems)
    return contract


def _contract(document: Document, findings: Findings, origin: Origin, variables: Mapping[str, str]) -> Contract | None:
    from monitor.contracts.shape import check_shape

    api_version = check_version(document, findings)
    if api_version is None:
        return None
    normalise(document, findings, api_version)
    if api_version >= VARIABLES_SINCE:
        substitute(document, findings, variables)
    check_shape(document, findings, api_version=api_version)
    return read_contract(document, findings, api_version, origin)


def _yaml_problems(error: YamlError) -> list[str]:
    """Return the problems as printed; before the document exists, a place has only its keys."""
    listed = []
    for line, path, text in sorted(error.problems, key=lambda problem: problem[0]):
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:60]}" for step in path).removeprefix(".")
        listed.append(str(Finding(line=line, where=where if where.isprintable() else "", text=text)))
    return listed
