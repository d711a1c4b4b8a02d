"""The `lianxi` command: what the people who run a node type.

Each verb is a module of this package with a click command called `command`, imported only when the verb is used, so
that `lianxi deadline` does not wait for a database driver it does not need. A mistake of the caller ends with status
2, work that was refused or failed with status 1, and an error nobody expected with one line and status 70
(`LIANXI_DEBUG=1` shows where it came from).
"""

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Sequence

import click

from lianxi import __version__

VERBS: dict[str, tuple[str, str]] = {
    "account": ("account", "Create, list and close the local accounts of a node's staff."),
    "agency": ("agency", "Register agencies outside, show how far they were told, pause, test and remove them."),
    "attachments": ("attachments", "List the files of cases, show what has not come yet, fetch it, seal files anew."),
    "audit": ("audit", "Show who looked at personal data, or check that the book of looks is whole."),
    "backup": ("backup", "Back a node up into a directory, or check a backup."),
    "board": ("board", "Show nodes, links, lamps, piles and indices in the terminal, refreshing."),
    "books": ("books", "Compare the books of two nodes and name every case one of them lacks."),
    "ca": ("ca", "Make the city's certificate authority and give nodes their certificates."),
    "calendar": ("calendar", "Show the working days of a year, or load an official holiday notice."),
    "deadline": ("deadline", "Work out a statutory deadline with every step of its derivation."),
    "demo": ("demo", "Bring three nodes up and play a story through all of them."),
    "export": ("exporting", "Write the petitions of a node to a CSV file or XLSX workbook, masked."),
    "doctor": ("doctor", "Look at a node and say in plain words what is wrong and what to do about it."),
    "import": ("importing", "Take petitions from a CSV file or XLSX workbook into a node."),
    "keys": ("keys", "List, add, use, rotate and retire the keys that personal data is sealed with."),
    "node": ("node", "Bring nodes up and down on this machine, or render a node's configuration."),
    "notice": ("notice", "Show who is told what about a case, preview a notice, check rules and texts."),
    "parked": ("parked", "List, show, retry and drop messages that could not be handled; skip what never came."),
    "person": ("person", "Take out or blank what a node keeps of one person."),
    "rejects": ("rejects", "Count the refused rows of imports, write them to a file to be mended and imported again."),
    "restore": ("restore", "Put a node back as a backup has it, and report what came back since."),
    "rules": ("rules", "Look at the sorting rules, run their trials, try a change on a file, keep a version."),
    "sort": ("sort", "Sort petitions from a file by category and place, with reasons."),
    "units": ("units", "Show the organs of a node, change one from a day on, list its history."),
    "verify": ("verify", "Recompute the history of every case and name whatever was altered."),
}
FAILED, MISUSED, UNEXPECTED = 1, 2, 70


class Verbs(click.Group):
    """The verbs whose module is present; none is imported to be listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in alphabetical order."""
        del ctx
        return sorted(verb for verb, (module, _) in VERBS.items() if _present(module))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one verb."""
        del ctx
        module, _ = VERBS.get(cmd_name, ("", ""))
        if not module or not _present(module):
            return None
        command: click.Command = importlib.import_module(f"lianxi.ops.{module}").command
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs with their summaries."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb][1]) for verb in self.list_commands(ctx)])


def _present(module: str) -> bool:
    return importlib.util.find_spec(f"lianxi.ops.{module}") is not None


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lianxi")
def lianxi() -> None:
    """Lianxi 联席: petitions between city, district and township.

    `lianxi VERB --help` explains a verb.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its status."""
    try:
        lianxi.main(args=arguments, prog_name="lianxi")
    except Exception as error:  # noqa: BLE001  (the last line of defence between a person and a traceback)
        sys.exit(_report(error))


def _report(error: Exception) -> int:
    """Say in one line what went wrong; return the status to end with."""
    from lianxi.runtime.logging import redact  # noqa: PLC0415  (costs start-up time that a good run need not pay)
    from lianxi.runtime.settings import SettingMissing  # noqa: PLC0415

    if os.environ.get("LIANXI_DEBUG"):
        traceback.print_exception(error)
    text = " ".join(str(redact(str(error))).split())
    if isinstance(error, SettingMissing):
        click.echo(f"lianxi: {text}", err=True)
        return MISUSED
    expected = getattr(error, "branch", None) in {"refused", "retryable"}
    click.echo(f"lianxi: {text}" if expected else f"lianxi: {type(error).__name__}: {text}", err=True)
    return FAILED if expected else UNEXPECTED


if __name__ == "__main__":
    main()
