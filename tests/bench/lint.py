"""What a hostile contract file costs `pactwatch lint`: seconds and memory of the whole program, worst first.

Usage: python -m tests.bench.lint
"""

import sys
import tempfile
from pathlib import Path

from tests.acceptance.test_lint_hostile import hostile
from tests.bench.meter import measure

PROGRAM = str(Path(sys.executable).with_name("pactwatch"))
VALID, INVALID = 0, 2


def main() -> None:
    """Measure every file of the acceptance test and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.odcs.yaml"
        found = []
        for name, content in hostile():
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            reading = measure([PROGRAM, "lint", str(path)], allowed=frozenset({VALID, INVALID}))
            found.append((reading.wall, reading.cpu, reading.pss, name))
    print(f"{'':<36} {'wall s':>7} {'CPU s':>6} {'PSS MiB':>8}")
    for wall, cpu, memory, name in sorted(found, reverse=True):
        print(f"{name:<36} {wall:>7.2f} {cpu:>6.2f} {memory:>8.0f}")


if __name__ == "__main__":
    main()
