import io
import subprocess
import sys
import threading

import pytest
from rich.console import Console

from monitor.cli.progress import Live, progress_on
from monitor.domain.check import CheckKind
from tests.runs import BROKEN, HOSTILE, NASTY, check, result


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def follow(stream: io.StringIO, *, quiet: bool = False, environment: dict[str, str] | None = None) -> str:
    with progress_on(stream, quiet=quiet, environment=environment or {}, clock=lambda: 0.0) as progress:
        progress.started("nyc-flights", len(BROKEN.scan.results))
        for found in BROKEN.scan.results:
            progress.result(found)
        progress.finished(BROKEN)
    return stream.getvalue()


def test_a_log_gets_one_line_per_start_and_end() -> None:
    assert follow(io.StringIO()) == (
        "verifying nyc-flights: 21 checks\nnyc-flights 1.0.0: broken; 2 broken, 1 warning, 17 hold, 1 skipped. 0.9 s.\n"
    )


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_quiet_is_quiet(stream: io.StringIO) -> None:
    assert follow(stream, quiet=True) == ""


def test_a_dumb_terminal_gets_lines() -> None:
    assert "\x1b" not in follow(Terminal(), environment={"TERM": "dumb"})


def test_a_live_view_leaves_the_screen_as_it_was() -> None:
    text = follow(Terminal(), environment={"TERM": "xterm"})
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
    assert "hold" not in text.rpartition("\x1b[2K")[2]


def shown(live: Live) -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(live.view())
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_view_counts_outcomes_by_dataset() -> None:
    moments = iter([10.0, 10.4])
    live = Live(lambda: next(moments))
    live.started("nyc-flights", 21)
    for found in BROKEN.scan.results[:15]:
        live.result(found)
    assert [" ".join(text.split()) for text in shown(live).splitlines()] == [
        "nyc-flights 15 of 21 checks, 0.4 s",
        "flights 14 done 2 broken, 1 warning, 11 hold",
        "airports 1 done 1 holds",
    ]


def test_many_datasets_are_counted_and_not_scrolled() -> None:
    live = Live(lambda: 0.0)
    live.started("c", 100)
    for number in range(30):
        live.result(result(check(f"t{number}.c.range", "n", CheckKind.RANGE)))
    assert "18 more datasets" in shown(live)


def test_results_of_many_threads_are_all_counted() -> None:
    live = Live(lambda: 0.0)
    live.started("c", 4000)
    found = result(check("t.c.range", "n", CheckKind.RANGE))
    threads = [threading.Thread(target=lambda: [live.result(found) for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "4,000 of 4,000" in shown(live)


def test_no_name_can_steer_the_terminal() -> None:
    live = Live(lambda: 0.0)
    live.started(NASTY, 6)
    for found in HOSTILE.scan.results:
        live.result(found)
    text = shown(live)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]x[/]" in text
    lines = io.StringIO()
    with progress_on(lines, quiet=False, environment={}) as progress:
        progress.started(NASTY, 6)
        progress.finished(HOSTILE)
    assert lines.getvalue().replace("\n", "").isprintable()


def test_rich_is_loaded_only_for_a_live_view() -> None:
    code = "import sys, monitor.cli.progress; print([name for name in sys.modules if name.startswith('rich')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
