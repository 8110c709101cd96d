"""The command line: parse, build, execute. The only place that prints and exits."""

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

import click

from monitor import __version__, failpoints
from monitor.cli.logs import LEVELS, log_from
from monitor.cli.places import give_up_stdout
from monitor.errors import MonitorError
from monitor.settings import load_settings
from monitor.visible import visible

INTERRUPTED = 130
COMMANDS = {
    "init": "Draft contracts from a server's catalogue.",
    "import": "Draft contracts from dbt, Great Expectations or SodaCL.",
    "lint": "Check contract files; no database is touched.",
    "diff": "Tell what a newer contract says otherwise, and whom it hurts.",
    "compile": "Write the SodaCL of every contract to checks/.",
    "verify": "Verify contracts against the warehouse, now.",
    "serve": "Be the daemon: verify every contract when it is due.",
    "report": "Build the HTML site from history.",
    "runs": "List what was found before.",
    "drift": "List how tables and contracts changed.",
    "incidents": "List what is wrong; take care of it.",
    "alerts": "List what people were told; deliver what waits.",
    "migrate": "Bring the state database to this version's schema.",
    "doctor": "Say what is in the way, and how to mend it.",
    "demo": "Verify real data in an embedded PostgreSQL.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of their use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"monitor.cli.{cmd_name}_command"), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", type=click.Path(path_type=Path), help="Configuration file.  [default: pactwatch.toml, if any]"
)
@click.option("--log-level", type=click.Choice(LEVELS), help="Log what is at least as grave to stderr.")
@click.version_option(__version__, prog_name="pactwatch")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, log_level: str | None) -> None:
    """Data contracts, kept: ODCS files become Soda checks, verdicts and reports.

    Exit codes: 0 kept, 1 broken, 2 wrong usage, configuration or contract file, 3 could not be evaluated.
    """
    if log_level is not None:
        log_from(log_level)
    ctx.obj = lambda: load_settings(config, os.environ)


def main() -> None:
    """Run the program and exit: the one place where errors become messages and exit codes."""
    try:
        failpoints.arm(os.environ)
        code = cli.main(prog_name="pactwatch", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except MonitorError as error:
        click.echo(visible(str(error), keep="\n"), err=True)
        code = error.exit_code
    except OSError as error:
        give_up_stdout()
        click.echo(visible(f"{error.filename or 'the output'}: {error.strerror or error}"), err=True)
        code = MonitorError.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except Exception:  # noqa: BLE001 - Python would end with 1, and 1 says that data broke a promise
        traceback.print_exc()
        code = MonitorError.exit_code
    sys.exit(code)
