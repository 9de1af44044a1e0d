"""The commands ``compare``, over the archive's sessions, and ``cohort compare``, over athletes."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import structs
from rich.markup import escape
from rich.table import Table

from retrorun import arithmetic, publish, storage
from retrorun import compare as comparison
from retrorun.archive import Archive
from retrorun.cli import options, terminal
from retrorun.cli.terminal import Faults
from retrorun.errors import ReadError, SettingsError, StoreError
from retrorun.language import translated
from retrorun.model import Athlete, Estimate, Note, Session
from retrorun.model.cohort import Cohort, CohortMetric
from retrorun.model.comparison import Comparison, Difference
from retrorun.report.numbers import Display, metric_format
from retrorun.settings import CompareSettings, Settings
from retrorun.text import printable

if TYPE_CHECKING:
    from retrorun.cohort.compare import Engine, Result
    from retrorun.results import About

SCHEMA_VERSION = 1
COHORT_SCHEMA_VERSION = 1
COHORT_PAGE = "cohort.html"
SHIFTED = Note(
    "dates-shifted", "this result set is de-identified: its dates are shifted, athlete by athlete"
)
NAMED = 20  # athletes who are missing, by name on stderr


@click.command()
@options.archive
@options.reports
@options.profile
@options.settings
@options.as_json
@options.days
@click.option("--include-candidates", is_flag=True, help="Count what gait alone suggests.")
@click.pass_context
def compare(
    context: click.Context,
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    as_json: bool,
    since: dt.datetime | None,
    until: dt.datetime | None,
    include_candidates: bool,
) -> None:
    """Compare backward with forward running over all sessions: the page, or JSON."""
    chosen = choose_sessions(
        options.load_settings(settings), since, until, include_candidates=include_candidates
    )
    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete = options.load_athlete(profile, store)
        options.apply_zones(store, chosen)
        faults = Faults()
        found, sessions = compare_sessions(store, chosen, athlete, faults)
    if as_json:
        click.echo(json_document(found))
    else:
        terminal.out().print(table(found, Display(athlete.units)))
        page = publish.comparison(sessions, reports, found, athlete)
        terminal.tell_to_open(page)
    context.exit(faults.status())


def choose_sessions(
    settings: Settings,
    since: dt.datetime | None,
    until: dt.datetime | None,
    *,
    include_candidates: bool,
) -> Settings:
    """Settings that keep sessions of the days from ``since`` to ``until``, both included."""
    last = until + dt.timedelta(days=1) if until else None
    return structs.replace(
        settings,
        compare=structs.replace(
            settings.compare,
            since_s=since.replace(tzinfo=dt.UTC).timestamp() if since else None,
            until_s=last.replace(tzinfo=dt.UTC).timestamp() if last else None,
            include_candidates=include_candidates or settings.compare.include_candidates,
        ),
    )


def compare_sessions(
    store: Archive, settings: Settings, athlete: Athlete, faults: Faults
) -> tuple[Comparison, list[Session]]:
    """The comparison over the archive's sessions, and those that can be read."""
    sessions = store.summaries(faults.add_damaged)
    found, faulty = publish.without_faulty(
        sessions, lambda sound: comparison.compare(sound, athlete, settings.compare)
    )
    faults.add(faulty)
    return found, [each for each in sessions if each.id not in faults.by_session]


def json_document(found: Comparison) -> str:
    """The comparison, and the popular claims beside it, as one JSON document."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "comparison": found,
        "claims": comparison.claims(found),
    }
    return msgspec.json.encode(document).decode()


def table(found: Comparison, display: Display) -> Table:
    """Metrics, backward beside forward at equal speed, grade and gait, in units as on the page."""
    days = _days(found.first_date, found.last_date)
    title = f"{found.sessions} sessions, {found.backward_sessions} with backward running, {days}"
    if found.sessions == 1:
        title = f"1 session, {found.backward_sessions} with backward running, {days}"
    if not days:
        title = "no sessions"
    numbers = ("backward", "forward", "difference (95 %)", "pairs")
    grid = terminal.grid(("matched stretches",), numbers, title)
    factor = "backward cost factor, own heart rate"
    grid.add_row(translated(factor), interval(found.cost_factor, 2), "1", "", "")
    for each in found.differences:
        grid.add_row(*_row(each, display))
    return grid


def _row(each: Difference, display: Display) -> tuple[str, ...]:
    how = metric_format(each.key, each.label, each.unit, display)
    change = each.difference.mapped(lambda value: value * how.scale)
    return (
        f"{how.label} ({how.unit})" if how.unit else how.label,
        how.value(each.backward),
        how.value(each.forward),
        interval(change, how.digits, each.note),
        str(each.pairs),
    )


def interval(estimate: Estimate, digits: int, otherwise: str = "") -> str:
    """A number with its interval, or why there is none."""
    if estimate.value is None:
        return translated(otherwise or estimate.reason or terminal.UNKNOWN)
    ends = (terminal.number(each, digits) for each in (estimate.low, estimate.high))
    return f"{terminal.number(estimate.value, digits)} ({_between_words().join(ends)})"


def _days(first: str | None, last: str | None) -> str:
    """The first and the last day; empty where there is none."""
    return _between_words().join((first, last)) if first and last else ""


def _between_words() -> str:
    return f" {terminal.table_word('to')} "


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """The options of ``cohort compare``.

    Attributes:
        address: of the result set.
        engine: ``local`` or ``dask``.
        scheduler: address of Dask's scheduler; None: a cluster on this machine.
        out: address where tables are written; None: nowhere.
        jobs: worker processes; None: one a core.
    """

    address: str
    engine: str
    scheduler: str | None
    out: str | None
    jobs: int | None


def compare_cohort(chosen: CompareOptions, settings: CompareSettings, reports: Path | None) -> int:
    """Compare and show: a table and the page, or JSON where there is no place for pages.

    Returns:
        The exit code: 1 if an athlete could not be compared, or a part is gone or damaged.
    """
    found = compare_athletes(chosen, settings)
    if reports is None:
        click.echo(
            msgspec.json.encode({"schema_version": COHORT_SCHEMA_VERSION, "cohort": found}).decode()
        )
        print_notes(found)
    else:
        terminal.out().print(cohort_table(found))
        print_notes(found)
        terminal.tell_to_open(cohort_page(found, reports))
    damaged = any(note.slug.startswith("results-part") for note in found.notes)
    return 1 if found.uncompared or damaged else 0


def compare_athletes(chosen: CompareOptions, settings: CompareSettings) -> Cohort:
    """Compare the athletes of a result set; write the tables to ``out``, if given.

    Raises:
        SettingsError: there is no result set, or one that this version cannot read.
        StoreError: a store does not answer or lets nobody in.
        EngineError: workers or the cluster cannot be reached.
    """
    from retrorun import results
    from retrorun.cohort import compare as athletes

    address = chosen.address
    about = about_results(address)
    if about.deidentified and (settings.since_s is not None or settings.until_s is not None):
        remedy = "Leave --since and --until out, or choose before it is de-identified."
        raise SettingsError("results-dates-shifted", SHIFTED.message, remedy=remedy)
    store = storage.open_store(address)
    known, notes = athletes.identified_athletes(results.athletes(store))
    gone, losses = athletes.damaged_athletes(store)
    left_out = {each.athlete for each in gone}
    known, notes = [each for each in known if each not in left_out], (*notes, *losses)
    compare_options = athletes.CompareOptions(address, settings, chosen.out)
    done = athletes.compare_athletes(known, compare_options, _engine(chosen))
    found = athletes.summarize(chain(gone, _with_progress(done, len(known))), settings)
    if about.deidentified:
        found, notes = structs.replace(found, first_date=None, last_date=None), (*notes, SHIFTED)
    found = structs.replace(found, notes=(*found.notes, *notes))
    if chosen.out is not None:
        athletes.write_tables(storage.open_store(chosen.out), found)
    return found


def about_results(address: str) -> "About":
    """What a result set says about itself.

    Raises:
        SettingsError: there is none at the address.
        StoreError: the store does not answer or lets nobody in.
    """
    from retrorun import results

    try:
        return results.read_about(storage.open_store(address))
    except StoreError:
        raise
    except ReadError as problem:
        raise SettingsError(
            "results-missing",
            "there is no result set",
            file=printable(storage.without_user(address)),
            remedy="`retrorun cohort process EXPORTS --out ADDRESS` makes one.",
        ) from problem


def _engine(chosen: CompareOptions) -> "Engine":
    jobs = chosen.jobs or options.cores()
    if chosen.engine == "dask":
        from retrorun.engines import cluster

        place = cluster.Cluster(chosen.scheduler, jobs)
        return partial(cluster.ordered, cluster=place)
    from retrorun.engines import Limits, ordered

    # an athlete may have twenty years of sessions
    return partial(ordered, jobs=jobs, limits=Limits(seconds=1800.0, memory_bytes=4 * 2**30))


def _with_progress(done: "Iterable[Result]", count: int) -> "Iterator[Result]":
    with terminal.progress() as bar:
        task = bar.add_task("athletes", total=count)
        for each in done:
            bar.advance(task)
            yield each


def cohort_page(found: Cohort, folder: Path) -> Path:
    """Write the page, in the units of the usual archive's profile; return its path.

    Raises:
        PageError: the folder cannot be written.
    """
    from retrorun.report.cohort import cohort_page
    from retrorun.report.page import Site

    site = Site(folder)
    site.ensure_assets()
    site.write(COHORT_PAGE, cohort_page(found, Display(options.usual_units())))
    return folder / COHORT_PAGE


def cohort_table(found: Cohort) -> Table:
    """Measures over athletes in per cent of forward, and the cost factor."""
    title = (
        f"athletes: {len(found.athletes)}, with backward running: {found.backward_athletes}, "
        f"sessions: {found.sessions}"
    )
    if found.first_date is not None:
        title += f", {_days(found.first_date, found.last_date)}"
    numbers = ("athletes", "median", "5 to 95 %", "mean (95 %)", "between athletes, SD")
    grid = terminal.grid(("backward against forward",), numbers, title)
    for each in found.measures:
        if each.scale != "difference":
            grid.add_row(*_cohort_row(each))
    return grid


def _cohort_row(each: CohortMetric) -> tuple[str, ...]:
    digits, unit = (2, "×") if each.scale == "factor" else (1, "%")
    name = f"{translated(each.label)} ({unit})"
    if each.missing:
        early = each.note.partition(" (")[0]  # why they are missing is on the page and in the JSON
        unknown = terminal.UNKNOWN
        return name, str(each.athletes), unknown, unknown, translated(early), unknown
    found = each.quantiles
    ends = (terminal.number(end, digits) for end in (found.p05, found.p95))
    return (
        name,
        str(each.athletes),
        terminal.number(found.p50, digits),
        terminal.UNKNOWN if found.p05 is None else _between_words().join(ends),
        interval(each.mixed.mean, digits),
        _between(each, digits),
    )


def _between(each: CohortMetric, digits: int) -> str:
    """The deviation between athletes in per cent; of factors it is of the logarithm."""
    found = each.mixed.between_sd
    if found is not None and each.scale == "factor":
        return terminal.number(100 * (arithmetic.exp(found) - 1.0), 1, " %")
    return terminal.number(found, digits, " %" if found is not None else "")


def print_notes(found: Cohort) -> None:
    """Print notes and missing athletes on stderr, at most ``NAMED`` of them by name."""
    lost = found.uncompared
    for note in found.notes:
        terminal.err().print(escape(note.message), style="yellow")
    for each in lost[:NAMED]:
        words = f"{printable(each.athlete)}: {printable(each.message)} [{each.slug}]"
        terminal.err().print(escape(words), style="red")
    if len(lost) > NAMED:
        terminal.err().print(f"… and {len(lost) - NAMED} more athletes could not be compared")
