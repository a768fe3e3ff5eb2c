"""Commands that run a scenario, or look at exported runs."""

from __future__ import annotations

import json
import os
import traceback
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from markets.refused import Refused
from simulator.stopping import INTERRUPTS, code_of, stoppable, unstoppable
from simulator.time_limit import SECONDS
from walras.commands.app import (
    ASKED,
    DEFECT,
    NOT_CLEARED,
    AsJson,
    Assignments,
    Code,
    Dpi,
    NoPlots,
    Out,
    Own,
    Quiet,
    Seed,
    TimeLimit,
    What,
    Width,
    app,
    asked,
    export_under,
    finder,
    refuse,
)
from walras.lessons import LESSONS
from walras.printing import (
    DATES_SHOWN,
    Display,
    err,
    out,
    print_certificate,
    print_run,
    print_table,
    print_written,
)

if TYPE_CHECKING:
    from simulator.declared import Declared
    from simulator.parameters import Parameters
    from simulator.run import Run
    from simulator.scenario import Scenario


Kind = Literal["csv", "parquet", "arrow", "stata", "xlsx", "netcdf"]
"""Formats of tables."""


@app.command()
def run(
    what: What,
    own: Own = None,
    code: Code = None,
    assignments: Assignments = None,
    seed: Seed = 0,
    folder: Out = None,
    no_plots: NoPlots = False,
    no_studies: Annotated[
        bool, typer.Option("--no-studies", help="no tables over a range of a parameter")
    ] = False,
    starts: Annotated[
        int, typer.Option(min=1, max=100_000, help="search: list what so many starts find")
    ] = 1,
    dpi: Dpi = 180.0,
    width: Width = None,
    as_json: AsJson = False,
    time_limit: TimeLimit = SECONDS,
    quiet: Quiet = False,
) -> None:
    """Run a scenario, print its table and export the run (under runs/ unless --out is given).

    Exit codes: 0 every date cleared and certified; 2 bad input; 3 not cleared or not certified
    (the record is exported all the same); 130 interrupted (143 by SIGTERM, 129 by SIGHUP); 1 a
    defect of the program. In the last two cases what was done before is exported, marked as not
    finished.
    """
    scenario: Scenario[Any] | None = None
    try:
        scenario, parameters = asked(what, assignments, own, code)
        folder = export_under(folder, as_json)
        finished, written, unwritten = _run(
            scenario,
            parameters,
            seed,
            folder,
            figures=None if no_plots else (dpi, width),
            studies=not no_studies and folder is not None,
            starts=starts,
            time_limit=time_limit,
            quiet=quiet,
        )
    except Refused as error:
        refuse(error)
    except Exception as error:
        if scenario is not None:
            _refuse_own(error, scenario, None)
        raise
    # one that was stopped is not stopped again while it says so
    with unstoppable() if isinstance(finished.error, INTERRUPTS) else nullcontext():
        if as_json:
            print(json.dumps(finished.to_json(), indent=2, allow_nan=False))
        else:
            print_run(finished, written)
        _leave(finished, written, unwritten)


def _run(
    scenario: Scenario[Any],
    parameters: Parameters,
    seed: int,
    folder: Path | None,
    *,
    figures: tuple[float, float | None] | None,
    studies: bool,
    starts: int,
    time_limit: float | None,
    quiet: bool,
) -> tuple[Run[Any], Path | None, Refused | None]:
    """Run, and export if there is a folder to export to: what was written, or why it was not."""
    from simulator.export import Format
    from simulator.run import simulate

    with unstoppable(), Display(scenario, parameters, quiet) as display:
        finished = simulate(
            scenario,
            parameters,
            seed=seed,
            progress=display.round,
            studies=studies,
            starts=starts,
            time_limit=time_limit,
        )
        if folder is None:
            return finished, None, None
        display.say("writing tables and figures" if figures is not None else "writing tables")
        form = None if figures is None else Format(dpi=figures[0], width=figures[1])
        try:
            if finished.error is None:
                try:
                    with stoppable():
                        written = finished.export(
                            folder, plots=form is not None, form=form or Format()
                        )
                        return finished, written, None
                except INTERRUPTS as stopped:  # without what is drawn from the tables
                    finished = replace(finished, error=stopped)
            return finished, finished.export(folder, plots=False), None
        except Refused as error:  # what was found is to be seen all the same
            return finished, None, error


def _leave(finished: Run[Any], written: Path | None, unwritten: Refused | None) -> None:
    """Say what went wrong, if anything, and leave with the code for it."""
    from simulator.outcome import Outcome

    outcome = finished.outcome
    if unwritten is not None and outcome is not Outcome.DEFECT:
        refuse(unwritten)
    if outcome is Outcome.CLEARED:
        return
    if outcome is Outcome.INTERRUPTED:
        kept = f"the record so far is in {written}" if written else "what was done is above"
        err.print(
            f"walras: {escape(finished.reason)}; {escape(kept)}", soft_wrap=True, highlight=False
        )
        raise typer.Exit(code_of(finished.error))
    if outcome is Outcome.DEFECT:
        assert finished.error is not None
        _refuse_own(finished.error, finished.scenario, written)
        traceback.print_exception(finished.error)
    elif finished.reason:
        err.print(f"[yellow]{outcome}[/yellow]: {escape(finished.reason)}", soft_wrap=True)
    err.print(escape(outcome.advice), soft_wrap=True, highlight=False)
    if finished.error is not None and written is not None:
        err.print(
            f"the record so far is in {escape(str(written))}", soft_wrap=True, highlight=False
        )
    if unwritten is not None:
        err.print(escape(str(unwritten)), soft_wrap=True, highlight=False)
    raise typer.Exit(DEFECT if outcome is Outcome.DEFECT else NOT_CLEARED)


def _refuse_own(error: BaseException, scenario: Declared[Any], written: Path | None) -> None:
    """If a scenario is the user's own, say in which line of it something went wrong, and leave."""
    from walras.own import where

    sentence = where(error, scenario)
    if sentence is not None:
        refuse(sentence + ("" if written is None else f" (the record so far is in {written})"))


@app.command()
def serve(
    what: Annotated[str | None, ASKED] = None,
    lesson: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"a lesson instead of a scenario: {', '.join(LESSONS)}"),
    ] = None,
    own: Own = None,
    code: Code = None,
    assignments: Assignments = None,
    seed: Seed = 0,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8765,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:PORT]", help="another name by which the page may be addressed"),
    ] = None,
    max_sessions: Annotated[
        int, typer.Option(min=1, max=1_000, help="pages open at once, each with its own market")
    ] = 30,
    max_members: Annotated[
        int, typer.Option(min=1, help="members of a market that a visitor opens")
    ] = 100_000,
    max_dates: Annotated[int, typer.Option(min=1, help="dates of a market")] = 1_000,
    max_rounds: Annotated[
        int, typer.Option(min=1, help="rounds of a market, all dates together")
    ] = 100_000,
    max_memory: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="MIB",
            help="memory in use beyond which no market is opened;"
            " half of the machine's unless given",
        ),
    ] = None,
    idle: Annotated[
        float, typer.Option(min=0.1, metavar="MINUTES", help="a quiet page is closed after so long")
    ] = 60,
) -> None:
    """Watch and steer a scenario in the browser, until Ctrl-C."""
    from simulator.data_file import WHERE, data_files
    from walras.bounds import MIB, Bounds, memory_of_machine
    from walras.guard import LOOPBACK
    from walras.serving import Asked, check_servable
    from walras.serving import serve as serve_page
    from walras.sessions import Visitors

    if max_memory is None:
        max_memory = memory_of_machine() // MIB // 2
    bounds = Bounds(max_members, max_dates, max_rounds, max_memory)

    if lesson is not None:
        if what is not None or assignments:
            raise Refused("a lesson opens its own market: leave out the scenario and --set")
        name, shown = lesson, replace(Asked.taught(lesson), bounds=bounds)
    elif what is None:
        raise Refused("name a scenario to serve, or a lesson with --lesson")
    else:
        scenario, parameters = asked(what, assignments, own, code)
        given = parameters.model_dump(mode="json", exclude_defaults=True, context={WHERE: True})
        name, file = scenario.name, scenario.file
        bounds.check(parameters)
        trusted = tuple(file.path.resolve() for file in data_files(parameters))
        shown = Asked(
            scenario.name if file is None else str(file.resolve()),
            given,
            seed,
            trusted=trusted,
            bounds=bounds,
        )
    visitors = Visitors(max_sessions, idle, tuple(allow_host or ()))
    check_servable(host, port, visitors.names)
    with err.status(f"{name}: starting the page") as status:

        def ready(address: str) -> None:
            status.stop()
            out.print(f"{name} is at {address} (stop with Ctrl-C)", highlight=False, markup=False)
            if address.rpartition(":")[0] not in {f"http://{name}" for name in LOOPBACK}:
                out.print(
                    "whoever reaches this machine over the network can open markets and steer them:"
                    " there is no password, and nothing is encrypted",
                    highlight=False,
                )

        serve_page(shown, host, port, ready, visitors)


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="an exported run, or a folder of several")
    ],
    own: Own = None,
    code: Code = None,
    repeat: Annotated[
        bool, typer.Option("--repeat", help="run it again, too, and compare every byte")
    ] = False,
    signers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="who may have signed it: names and public keys, as OpenSSH has them",
        ),
    ] = None,
) -> None:
    """Certify exported runs again from their files alone, and say whether they were altered."""
    from simulator.exported import SIGNATURE, runs_in
    from simulator.signature import signed_by
    from simulator.verify import verify as verify_run

    altered: list[str] = []
    certified = True
    runs, known = runs_in(folder), finder(own)
    for number, place in enumerate(runs):
        signer = None if signers is None else signed_by(place, signers)
        checked = verify_run(place, known, code or (), repeat=repeat)
        if len(runs) > 1:
            out.print(
                f"{'' if number == 0 else chr(10)}[bold]{escape(str(place))}[/bold]",
                highlight=False,
            )
        rows = checked.dates.to_dict("records")
        if len(rows) > DATES_SHOWN:
            held = sum(certificate.holds for certificate in checked.certificates)
            out.print(f"{held} of {len(rows)} dates are certified again", highlight=False)
        for row, certificate in zip(rows, checked.certificates, strict=True):
            if len(rows) > DATES_SHOWN and certificate.holds:
                continue
            of = escape(f"{row['case']}, date {row['date']}")
            out.print(f"[bold]{of}[/bold]", highlight=False)
            print_certificate(certificate)
        for sentence in checked.unchecked:
            out.print(f"not rechecked: {sentence}", highlight=False, markup=False)
        found = [*checked.altered, *checked.differing]
        for text in found:
            out.print(escape(f"altered: {text}"), highlight=False)
        altered += [f"{place / name}" for name in found]
        if not checked.altered:
            out.print("files are as they were exported", highlight=False)
        if checked.repeated and not found:
            out.print("run again: every byte is the same", highlight=False)
        if checked.other_versions:
            said = f"made with {', '.join(checked.other_versions)}"
            out.print(escape(f"{said}: bytes may differ for that"), highlight=False)
        said = ", ".join(checked.not_covered)
        more = "" if checked.repeated else "; --repeat covers all but versions and revision"
        out.print(escape(f"not covered by this check: {said}{more}"), highlight=False)
        if signer is not None:
            out.print(escape(f"signed by {signer}"), highlight=False)
        elif (place / SIGNATURE).exists():
            out.print("it is signed; name who may have signed it: --signers FILE")
        certified = certified and checked.certified
    if altered:
        more = f" (and {len(altered) - 1} more, see above)" if len(altered) > 1 else ""
        refuse(f"files were altered: {altered[0]}{more}")
    if not certified:
        raise typer.Exit(NOT_CLEARED)


@app.command()
def sign(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="an exported run, or a folder of several")
    ],
    key: Annotated[
        Path, typer.Option(metavar="FILE", help="a key of OpenSSH (ssh-keygen -t ed25519)")
    ],
) -> None:
    """Sign exported runs: the manifest, which has the digests of all files."""
    from simulator.exported import runs_in
    from simulator.signature import sign as sign_run

    for place in runs_in(folder):
        out.print(f"written to {sign_run(place, key)}", highlight=False)


@app.command()
def compare(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="exported runs, or folders of several")
    ],
    folder: Annotated[
        Path | None, typer.Option("--out", help="new folder for tables, figure and a PDF of both")
    ] = None,
) -> None:
    """Show exported runs side by side: what differs in parameters, and in results."""
    from simulator.compare import compare as compare_runs
    from simulator.compare_report import export
    from simulator.exported import as_data

    with as_data(folders[0]):
        compared = compare_runs(folders)
        alike = not len(compared.parameters)
        out.print("asked the same" if alike else "[bold]asked differently[/bold]")
        print_table(compared.parameters)
        print_table(compared.outcomes)
        print_table(compared.reports)
        if max(compared.outcomes["dates"]) > DATES_SHOWN:
            out.print("the last date of each case:", highlight=False)
            print_table(compared.last_quotes)
        else:
            print_table(compared.quotes)
        if folder is not None:
            export(compared, folder)
    print_written(folder)


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="an exported run, or a folder of several")
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            "--out", help="a file .html or .pdf, or a folder; beside the run unless given"
        ),
    ] = None,
) -> None:
    """Write a report on an exported run as HTML and PDF, from its files alone."""
    from simulator.exported import as_data, runs_in
    from simulator.run_report import run_report, write_report

    altered: list[str] = []
    runs = runs_in(folder)
    if to is not None and to.suffix and len(runs) > 1:
        raise Refused(f"out is {to}; reports on {len(runs)} runs need a folder")
    for place in (run.resolve() for run in runs):
        with as_data(place):
            document, changed = run_report(place)
            written = write_report(document, place.name, place.parent if to is None else to)
        for path in written:
            print_written(path)
        altered += [f"{place / name}" for name in changed]
    if altered:
        refuse("files were altered, the report says so: " + "; ".join(altered))


@app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="an exported run, or a folder of several")
    ],
    kind: Annotated[Kind, typer.Option("--format", help="format of the tables")] = "csv",
    tidy: Annotated[
        bool, typer.Option("--tidy", help="every table in long form, too: a row per number")
    ] = False,
    target: Annotated[
        Path | None,
        typer.Option("--out", help="new folder; exports/RUN-FORMAT unless given"),
    ] = None,
) -> None:
    """Write the tables of exported runs, with a codebook, for pandas, R, Stata or a spreadsheet."""
    from simulator.analysis import export_tables
    from simulator.exported import as_data

    target = target or Path("exports") / f"{Path(os.path.realpath(folder)).name}-{kind}"
    with as_data(folder):
        written = export_tables(folder, kind, target, tidy=tidy)
    for path in written:
        out.print(str(path), highlight=False, markup=False, soft_wrap=True)


@app.command()
def figure(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="an exported run")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="its name, without the ending")],
    width: Annotated[
        str, typer.Option(metavar="84mm", help="width, in millimetres; of a column, say")
    ] = "84mm",
    height: Annotated[
        str | None, typer.Option(metavar="60mm", help="height; what it needs unless given")
    ] = None,
    kind: Annotated[
        Literal["pdf", "svg", "png"], typer.Option("--format", help="kind of file")
    ] = "pdf",
    dpi: Dpi = 300.0,
    target: Annotated[
        Path, typer.Option("--out", help="folder to write to, with the caption as text and LaTeX")
    ] = Path("figures"),
    own: Own = None,
    code: Code = None,
) -> None:
    """Draw a figure of an exported run at the width of a column, with a caption beside it."""
    from simulator.export import Format
    from simulator.exported import as_data, runs_in
    from simulator.paper_figure import millimetres, write_figure
    from simulator.reopened import reopen

    form = Format((kind,), dpi, millimetres("width", width))
    tall = None if height is None else millimetres("height", height)
    runs = runs_in(folder)
    if len(runs) > 1:
        raise Refused(f"{folder} holds {len(runs)} runs; name one of them")
    run = reopen(runs[0], finder(own), code or ())
    with as_data(runs[0], own=run.scenario.file is not None):
        written = write_figure(run, name, form, target, tall)
    for path in written:
        out.print(str(path), highlight=False, markup=False, soft_wrap=True)
