"""The command line: stdout is data, stderr is messages.

Exit 0 all well, 1 some files could not be read, 2 usage, 128 and the number of the signal (130
for Ctrl-C) interrupted.

A command's module is imported when the command runs, so that ``retrorun --help`` is instant.
"""

import _thread
import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from retrorun import __version__
from retrorun.errors import ENDING_SIGNALS, RetrorunError, SettingsError
from retrorun.language import SOURCE, current_language, translated, use_language, word
from retrorun.text import plain

# command: its module in retrorun.cli, and its line in `retrorun --help`
COMMANDS = {
    "analyze": ("analyze", "Analyse files without storing anything."),
    "archive": ("maintenance", "Check, back up, restore or tidy the archive."),
    "cohort": ("cohort", "Process, compare and export many athletes."),
    "compare": ("compare", "Compare backward with forward running."),
    "demo": ("maintenance", "Show the pages of simulated runs."),
    "doctor": ("maintenance", "Show what is installed, and what is wrong."),
    "explain": ("analyze", "Show the evidence for each stretch of a file."),
    "export": ("reports", "Write sessions, segments and tracks as files."),
    "label": ("label", "Label a stretch as backward or forward."),
    "note": ("annotate", "Note pain, effort and text about a session."),
    "open": ("watch", "Open the pages, alive, in the browser."),
    "process": ("process", "Import what is new in a folder; write pages."),
    "profile": ("annotate", "Show or change the athlete's profile."),
    "report": ("reports", "Write pages again, or a report of a period."),
    "reprocess": ("process", "Analyse sessions again from their originals."),
    "sessions": ("reports", "List sessions, or files that became none."),
    "simulate": ("maintenance", "Write synthetic backward runs."),
    "undo": ("process", "Take back an import."),
    "watch": ("watch", "Process a folder whenever it changes."),
}


INTERRUPTED = 128  # with the number of the signal that ended it: the exit status
AGAIN_S = 0.05  # after which a dropped interrupt is raised again
HELP = "help"  # context of help texts in catalogues
VERBATIM = "\b\n"  # begins a paragraph whose lines click leaves alone


def help_in_language(text: str) -> str:
    """A help text in the language in force, paragraph by paragraph; what click adds stays."""
    bare, sign, added = text.partition("  [")
    paragraphs = (
        f"{VERBATIM if each.startswith(VERBATIM) else ''}{word(HELP, help_key(each))}"
        for each in bare.split("\n\n")
    )
    return "\n\n".join(paragraphs) + sign + added


def help_key(paragraph: str) -> str:
    """A paragraph as catalogues hold it: on one line, unless its lines are to stay as they are."""
    if paragraph.startswith(VERBATIM):
        return paragraph.removeprefix(VERBATIM)
    return " ".join(paragraph.split())


class TranslatedFormatter(click.HelpFormatter):
    """Writes help in the language in force."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that begins with ``Usage``."""
        super().write_usage(prog, args, prefix or f"{word(HELP, 'Usage:')} ")

    def write_heading(self, heading: str) -> None:
        """The head of a section."""
        super().write_heading(word(HELP, heading))

    def write_text(self, text: str) -> None:
        """What a command does."""
        super().write_text(help_in_language(text))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Options or commands, each with its words."""
        super().write_dl(
            [(name, help_in_language(text)) for name, text in rows], col_max, col_spacing
        )


class TranslatedContext(click.Context):
    """A command's context, whose help is in the language of the profile in its usual place."""

    formatter_class = TranslatedFormatter

    def get_help(self) -> str:
        """The help as it is shown."""
        from retrorun.cli.options import archive_language

        chosen = os.environ.get("RETRORUN_ARCHIVE")
        with use_language(archive_language(Path(chosen) if chosen else None)):
            return super().get_help()


class TranslatedGroup(click.Group):
    """A group of commands whose list is in the language in force."""

    context_class = TranslatedContext

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands; in English as click does, cut to one line."""
        if current_language() == SOURCE:
            super().format_commands(ctx, formatter)
            return
        listed = sorted(self.commands.items())
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(1000)) for name, each in listed])


# slugs of errors about a word that was typed: it names nothing that the archive holds
UNKNOWN = ("session-unknown", "import-unknown")
# click before 8.2 prints the help of a group without a command itself
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


class CommandLine(click.Group):
    """The top group: imports a command's module on use, and reports errors in one line."""

    context_class = TranslatedContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command; None if there is no such command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"retrorun.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        for each in (command, *getattr(command, "commands", {}).values()):
            each.context_class = TranslatedContext
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed; refuse another with the name that is nearest to it."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        for near in get_close_matches(name, COMMANDS, 1, cutoff=0.7):
            raise click.UsageError(f"there is no command {name!r}; did you mean {near!r}?", ctx)
        raise click.UsageError(f"there is no command {name!r}; `retrorun --help` lists them", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing their modules."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; exit 2 for wrong words or settings, 1 for any other error."""
        try:
            with told_as_interrupt():
                return super().invoke(ctx)
        except click.NoSuchOption as problem:
            raise click.UsageError(plain(_with_cohort_command(ctx, problem)), problem.ctx) from None
        except _NO_ARGUMENTS:  # its message is the help, in lines
            raise
        except click.UsageError as problem:  # it quotes what was typed
            words = plain(problem.message)
            if words == problem.message:
                raise
            raise click.UsageError(words, problem.ctx) from None
        except RetrorunError as problem:
            click.echo(f"{translated('Error')}: {problem.translated}", err=True)
            wrong_words = isinstance(problem, SettingsError) or problem.slug in UNKNOWN
            ctx.exit(2 if wrong_words else 1)
        except KeyboardInterrupt as end:
            with suppress(OSError):  # the terminal may be closed
                click.echo(translated("Interrupted."), err=True)
            ctx.exit(INTERRUPTED + (end.args[0] if end.args else signal.SIGINT))
        except MemoryError:
            click.echo(translated("Error: there is not enough memory."), err=True)
            ctx.exit(1)
        except BrokenPipeError:  # who reads our output has read enough: click ends quietly
            raise
        except OSError as problem:
            place = f"{problem.filename}: " if problem.filename else ""
            words = translated(f"{problem.strerror or problem}")
            click.echo(f"{translated('Error')}: {place}{words}", err=True)
            ctx.exit(1)


@contextmanager
def told_as_interrupt() -> Iterator[None]:
    """Tell whatever ends the work after Ctrl-C, SIGTERM or SIGHUP as the interrupt.

    Workers are stopped and files that are half written removed. Both can fail, such as at the pipe
    of a process that is gone. SQLite tells of an interrupt in a function of ours only that the
    function failed, and Python drops one in a destructor: that one is raised again, else the work
    would go on. A signal that is ignored, as by ``nohup``, or taken by somebody else stays so.

    Raises:
        KeyboardInterrupt: with the number of the signal.
    """
    usual = (signal.default_int_handler, signal.SIG_DFL)
    before = {each: signal.getsignal(each) for each in ENDING_SIGNALS}
    taken = {each: handler for each, handler in before.items() if handler in usual}
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        interrupts.append(number)
        raise KeyboardInterrupt(number)

    def complain(unraisable: "sys.UnraisableHookArgs") -> None:
        if unraisable.exc_type is KeyboardInterrupt:  # raised in here it would be dropped again
            threading.Timer(AGAIN_S, _interrupt_main, interrupts[-1:]).start()
        else:
            complained(unraisable)

    complained, sys.unraisablehook = sys.unraisablehook, complain
    for each in taken:
        signal.signal(each, interrupt)
    try:
        yield
    except Exception as problem:
        if not interrupts:
            raise
        raise KeyboardInterrupt(interrupts[-1]) from problem
    finally:
        for each, handler in taken.items():
            signal.signal(each, handler)
        sys.unraisablehook = complained


def _interrupt_main(number: int = signal.SIGINT) -> None:
    """Send a signal to the main thread; a real one also ends a wait of it."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


def _with_cohort_command(ctx: click.Context, problem: click.NoSuchOption) -> str:
    """The message; where the option is about many athletes, with the command that has it."""
    message = problem.format_message()
    command = problem.ctx and problem.ctx.parent is ctx and problem.ctx.info_name
    if command not in {"process", "compare", "export"}:
        return message
    cohort = main.get_command(ctx, "cohort")
    commands = cohort.commands if isinstance(cohort, click.Group) else {}
    names = {name for each in commands[command].params for name in each.opts}
    if problem.option_name not in names | {"--from"}:
        return message
    return f"{message} For many athletes there is `retrorun cohort {command} ADDRESS`."


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="retrorun")
def main() -> None:
    """Find, measure and compare backward running in watch and phone recordings.

    Drop FIT, GPX or TCX exports into a folder and run: retrorun process FOLDER
    """
