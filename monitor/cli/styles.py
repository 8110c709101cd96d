"""The colour of each outcome (rich styles): on a terminal it differs in word and colour."""

from monitor.domain.scan import Outcome

STYLES = {
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.BLOCKED: "bold blue",
    Outcome.WARN: "bold yellow",
    Outcome.SKIPPED: "dim",
    Outcome.PASS: "green",
}
