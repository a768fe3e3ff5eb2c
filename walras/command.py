"""The command ``walras``."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.markup import escape

from markets.refused import Refused
from walras.catalogue import find, find_or_load, titles
from walras.printing import (
    DATES_SHOWN,
    Display,
    err,
    out,
    print_certificate,
    print_run,
    print_table,
)

if TYPE_CHECKING:
    from simulator.declared import Declared
    from simulator.parameters import Parameters
    from simulator.run import Run
    from simulator.scenario import Scenario

DEFECT, BAD_INPUT, NOT_CLEARED, INTERRUPTED = 1, 2, 3, 130

app = typer.Typer(
    name="walras",
    help="Markets with collateral, margins and default: traders, a clearing house, and rounds"
    " until every market clears.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


What = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE.toml|FILE.py",
        help="a scenario, a file of parameters, or a scenario of your own (its code is executed)",
    ),
]
Own = Annotated[
    Path | None,
    typer.Option(
        "--scenario",
        metavar="FILE.py",
        help="your own scenario, where a file of parameters or a run names it; it is executed",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="rounds of a run go on no longer; it is looked at after every round",
    ),
]
Code = Annotated[
    list[Path] | None,
    typer.Option(
        "--code",
        metavar="FILE.py",
        help="a file with a margin rule that a file of parameters, or a run, names; it is executed",
    ),
]


def _refuse(sentence: object) -> NoReturn:
    """Say in one sentence what is wrong with the input, and leave with 2."""
    err.print(f"[red]walras:[/red] {escape(str(sentence))}", soft_wrap=True, highlight=False)
    raise typer.Exit(BAD_INPUT)


def _version(asked: bool) -> None:
    if asked:
        import walras

        print(f"walras {walras.__version__}")
        raise typer.Exit


@app.callback()
def entry(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Markets with collateral, margins and default, in rounds until every market clears."""


@app.command("list")
def list_scenarios() -> None:
    """Show every scenario in a line, with its source."""
    known = titles()
    width = max(len(name) for name in known)
    for title in known.values():
        out.print(
            f"[bold]{title.name:{width}}[/bold]  {escape(title.summary)}."
            f" Source: {escape(title.source)}.",
            highlight=False,
        )


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME|FILE.py", help="a scenario, or a file of your own")
    ],
    toml: Annotated[bool, typer.Option("--toml", help="print a file to edit and run")] = False,
) -> None:
    """Show a scenario's parameters: default, unit, allowed range, meaning."""
    from simulator.parameters import declared, to_toml

    try:
        scenario = find_or_load(name)
    except Refused as error:
        _refuse(error)
    if toml:
        print(to_toml(scenario.name, scenario.parameters(), comments=True), end="")
        return
    out.print(f"[bold]{scenario.name}[/bold]: {scenario.title.summary}", highlight=False)
    out.print(escape(scenario.title.source), highlight=False)
    for item in declared(scenario.parameters):
        default = "not given" if item.default is None else json.dumps(item.default)
        unit = f" ({item.unit})" if item.unit else ""
        out.print(f"\n[bold]{item.name}[/bold] = {escape(default)}{unit}", highlight=False)
        out.print(f"    {escape(item.meaning)}", highlight=False)
        out.print(f"    allowed: {escape(item.allowed)}", highlight=False)


@app.command()
def run(
    what: What,
    own: Own = None,
    code: Code = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="folder to export under")] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="export no figures")] = False,
    no_studies: Annotated[
        bool, typer.Option("--no-studies", help="no tables over a range of a parameter")
    ] = False,
    starts: Annotated[
        int, typer.Option(min=1, max=100_000, help="search: list what so many starts find")
    ] = 1,
    dpi: Annotated[float, typer.Option(min=10, max=2400, help="dots per inch of PNG")] = 180.0,
    width: Annotated[
        float | None, typer.Option(min=20, max=2000, help="width of figures in millimetres")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document; export only with --out")
    ] = False,
    time_limit: TimeLimit = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Run a scenario, print its table and export the run (under runs/ unless --out is given).

    Exit codes: 0 every date cleared and certified; 2 bad input; 3 not cleared or not certified
    (the record is exported all the same); 130 interrupted; 1 a defect of the program. In the last
    two cases what was done before is exported, marked as not finished.
    """
    scenario: Scenario[Any] | None = None
    try:
        scenario, parameters = _asked(what, assignments, own, code)
        if folder is None and not as_json:
            folder = Path("runs")
        finished, written = _run(
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
        _refuse(error)
    except Exception as error:
        if scenario is not None:
            _refuse_own(error, scenario, None)
        raise
    if as_json:
        print(json.dumps(finished.to_json(), indent=2, allow_nan=False))
    else:
        print_run(finished, written)
    _leave(finished, written)


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
) -> tuple[Run[Any], Path | None]:
    """Run, and export if there is a folder to export to."""
    from simulator.export import Format, check_writable
    from simulator.run import simulate

    if folder is not None:
        check_writable(folder)
    with Display(scenario, parameters, quiet) as display:
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
            return finished, None
        display.say("writing tables and figures" if figures is not None else "writing tables")
        form = None if figures is None else Format(dpi=figures[0], width=figures[1])
        return finished, finished.export(folder, plots=form is not None, form=form or Format())


def _leave(finished: Run[Any], written: Path | None) -> None:
    """Say what went wrong, if anything, and leave with the code for it."""
    from simulator.outcome import Outcome

    outcome = finished.outcome
    if outcome is Outcome.CLEARED:
        return
    if outcome is Outcome.DEFECT:
        assert finished.error is not None
        _refuse_own(finished.error, finished.scenario, written)
        traceback.print_exception(finished.error)
    elif finished.reason:
        err.print(f"[yellow]{outcome}[/yellow]: {escape(finished.reason)}", soft_wrap=True)
    err.print(escape(outcome.advice), soft_wrap=True, highlight=False)
    if finished.error is not None and written is not None:
        err.print(f"the record so far is in {written}", soft_wrap=True, highlight=False)
    codes = {Outcome.DEFECT: DEFECT, Outcome.INTERRUPTED: INTERRUPTED}
    raise typer.Exit(codes.get(outcome, NOT_CLEARED))


def _refuse_own(error: BaseException, scenario: Declared[Any], written: Path | None) -> None:
    """If a scenario is the user's own, say in which line of it something went wrong, and leave."""
    from walras.own import where

    sentence = where(error, scenario)
    if sentence is not None:
        _refuse(sentence + ("" if written is None else f" (the record so far is in {written})"))


@app.command()
def serve(
    what: What,
    own: Own = None,
    code: Code = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8765,
) -> None:
    """Watch and steer a scenario in the browser, until Ctrl-C."""
    from simulator.data_file import WHERE
    from walras.serving import Asked, check_servable
    from walras.serving import serve as serve_page

    try:
        scenario, parameters = _asked(what, assignments, own, code)
        check_servable(host, port)
    except Refused as error:
        _refuse(error)
    given = parameters.model_dump(mode="json", exclude_defaults=True, context={WHERE: True})
    shown = scenario.name if scenario.file is None else str(scenario.file.resolve())
    with err.status(f"{scenario.name}: starting the page") as status:

        def ready(address: str) -> None:
            status.stop()
            out.print(f"{scenario.name} is at {address} (stop with Ctrl-C)", highlight=False)

        serve_page(Asked(shown, given, seed), host, port, ready)


@app.command()
def sweep(
    what: What,
    axes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUES...",
            help="what is varied: key=from:to:count, key=a,b,c, key=[0.01],[0.03], key=@FILE;"
            " a single value is the same in every run",
        ),
    ] = None,
    own: Own = None,
    code: Code = None,
    seeds: Annotated[str, typer.Option(metavar="0:20|0,3,7", help="seeds of each")] = "0",
    sample: Annotated[
        str | None,
        typer.Option(metavar="sobol:4096|latin:500", help="points instead of all combinations"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, max=1_000, help="processes, one per core unless given; 0: in this one"),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:8786", help="a Dask cluster does the runs")
    ] = None,
    follow: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="neighbours start from each other's resting quotes"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="folder of the sweep (sweeps/NAME unless given)")
    ] = None,
    rounds: Annotated[bool, typer.Option("--rounds", help="keep a table of all rounds")] = False,
    members: Annotated[bool, typer.Option("--members", help="keep a table of traders")] = False,
    time_limit: TimeLimit = None,
    starts: Annotated[
        int, typer.Option(min=1, max=100_000, help="count the equilibria found from so many starts")
    ] = 1,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="go on though versions or parameters differ")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Run a scenario many times, over values of its parameters and seeds, into one table.

    The same command goes on where it was stopped, however that was; more values extend the sweep.
    Exit codes: 0 every run is done, whatever its outcome; 2 bad input; 3 no run cleared; 130
    interrupted.
    """
    from simulator.sweep.axes import Axis, read_axis
    from walras.sweeping import command

    try:
        scenario, given, beside = _named(what, own)
        read = {text: read_axis(text) for text in axes or []}
        written = [  # what a file of values names is not named on the command line
            list(axis.values)
            for text, axis in read.items()
            if isinstance(axis, Axis) and not text.partition("=")[2].strip().startswith("@")
        ]
        named = [Path(text) for text in _texts(written) if text.endswith(".py")]
        done = command(
            scenario,
            given,
            list(read.values()),
            seeds=seeds,
            sample=sample,
            workers=workers,
            scheduler=scheduler,
            follow=follow,
            folder=folder,
            tables=[name for name, on in (("rounds", rounds), ("members", members)) if on],
            time_limit=time_limit,
            starts=starts,
            anyway=anyway,
            quiet=quiet,
            beside=beside,
            code=[*(code or []), *named],
        )
    except Refused as error:
        _refuse(error)
    except KeyboardInterrupt:
        err.print("interrupted; the same command goes on from what is done")
        raise typer.Exit(INTERRUPTED) from None
    if not done.counts.get("cleared"):
        raise typer.Exit(NOT_CLEARED)


@app.command()
def plot(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="the folder of a sweep")],
    x: Annotated[str | None, typer.Option(help="column across: a parameter or a read-out")] = None,
    y: Annotated[
        list[str] | None, typer.Option(help="columns to show, every quote unless given")
    ] = None,
    by: Annotated[str | None, typer.Option(help="column that tells lines apart")] = None,
    heat: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="maps over two parameters")
    ] = None,
    date: Annotated[
        int | None, typer.Option(min=1, help="date to show; of each run the last unless given")
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="folder for figures (DIR/figures unless given)")
    ] = None,
    dpi: Annotated[float, typer.Option(min=10, max=2400, help="dots per inch of PNG")] = 180.0,
    width: Annotated[
        float | None, typer.Option(min=20, max=2000, help="width of figures in millimetres")
    ] = None,
) -> None:
    """Plot a sweep: lines with bands over seeds (--x), or maps over two parameters (--heat)."""
    from walras.sweeping import write_figures

    try:
        for path in write_figures(folder, x, y or [], by, heat, date, target, dpi, width):
            out.print(str(path), highlight=False)
    except Refused as error:
        _refuse(error)


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="an exported run, or a folder of several")
    ],
    own: Own = None,
    code: Code = None,
) -> None:
    """Certify exported runs again from their files alone, and say whether they were altered."""
    from simulator.verify import runs_in
    from simulator.verify import verify as verify_run

    altered: list[str] = []
    certified = True
    try:
        runs, known = runs_in(folder), _find(own)
        for number, place in enumerate(runs):
            checked = verify_run(place, known, code or ())
            if len(runs) > 1:
                out.print(f"{'' if number == 0 else chr(10)}[bold]{place}[/bold]", highlight=False)
            rows = checked.dates.to_dict("records")
            if len(rows) > DATES_SHOWN:
                held = sum(certificate.holds for certificate in checked.certificates)
                out.print(f"{held} of {len(rows)} dates are certified again", highlight=False)
            for row, certificate in zip(rows, checked.certificates, strict=True):
                if len(rows) > DATES_SHOWN and certificate.holds:
                    continue
                out.print(f"[bold]{row['case']}, date {row['date']}[/bold]", highlight=False)
                print_certificate(certificate)
            for sentence in checked.unchecked:
                out.print(f"not rechecked: {sentence}", highlight=False)
            altered += [f"{place / name}" for name in checked.altered]
            if not checked.altered:
                out.print("files are as they were exported", highlight=False)
            certified = certified and checked.certified
    except Refused as error:
        _refuse(error)
    if altered:
        _refuse("files were altered: " + "; ".join(altered))
    if not certified:
        raise typer.Exit(NOT_CLEARED)


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

    try:
        compared = compare_runs(folders)
        if folder is not None:
            export(compared, folder)
    except Refused as error:
        _refuse(error)
    out.print("[bold]asked differently[/bold]" if len(compared.parameters) else "asked the same")
    print_table(compared.parameters)
    print_table(compared.outcomes)
    print_table(compared.reports)
    if max(compared.outcomes["dates"]) > DATES_SHOWN:
        out.print("the last date of each case:", highlight=False)
        print_table(compared.last_quotes)
    else:
        print_table(compared.quotes)
    if folder is not None:
        out.print(f"written to {folder}", highlight=False)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="the file to write")],
) -> None:
    """Write a commented Python file to start from: an economy of your own that runs."""
    from walras.own import write_new

    try:
        write_new(file)
    except Refused as error:
        _refuse(error)
    out.print(f"written to {file}; run it with walras run {file}", highlight=False)


@app.command()
def rehearse(what: What, own: Own = None, code: Code = None) -> None:
    """Check that an economy keeps the rules that every economy must keep, with its defaults."""
    import numpy as np

    from simulator.rehearsal import rehearse as rehearse_economy

    holds = True
    try:
        scenario, parameters = _asked(what, None, own, code)
        for case in scenario.cases(parameters):
            build, rng = case.build, np.random.default_rng(0)
            certificate = rehearse_economy(lambda build=build, rng=rng: build(rng))  # type: ignore[misc]
            out.print(f"[bold]{case.name}[/bold]", highlight=False)
            print_certificate(certificate)
            holds = holds and certificate.holds
    except Refused as error:
        _refuse(error)
    if not holds:
        raise typer.Exit(NOT_CLEARED)


@app.command()
def trace(
    what: What,
    moved: Annotated[
        str,
        typer.Argument(
            metavar="KEY=FROM:TO",
            help="the number that moves: haircuts=0.01:0.3, consumers[0].endowment[1]=8:16",
        ),
    ],
    own: Own = None,
    code: Code = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    case: Annotated[
        str | None, typer.Option(help="name of the case; the first unless given")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    starts: Annotated[
        int, typer.Option(min=1, max=100_000, help="begin curves at all that so many starts find")
    ] = 1,
    folder: Annotated[Path | None, typer.Option("--out", help="folder to export under")] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="export no figure")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document; export only with --out")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Follow the equilibrium as a number moves, around folds and through changes of regime.

    Every point is reached by rounds again and certified; prints where curves fold, regimes change
    and curves end. Exit codes: 0 traced; 2 bad input; 3 no equilibrium to begin with.
    """
    from walras.tracing import leave_not_cleared, print_trace, read_range, traced

    try:
        key, start, end = read_range(moved)
        scenario, parameters = _asked(what, assignments, own, code)
        out_folder = Path("runs") if folder is None and not as_json else folder
        with leave_not_cleared(NOT_CLEARED):
            found = traced(scenario, parameters, key, start, end, case=case, seed=seed,
                           starts=starts, folder=out_folder, quiet=quiet)  # fmt: skip
            written = None if out_folder is None else found.export(out_folder, plots=not no_plots)
    except Refused as error:
        _refuse(error)
    print_trace(found, written, as_json=as_json)


@app.command()
def sensitivities(
    what: What,
    own: Own = None,
    code: Code = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="a parameter, as often as you like; all if not")
    ] = None,
    case: Annotated[
        str | None, typer.Option(help="name of the case; the first unless given")
    ] = None,
    date: Annotated[int | None, typer.Option(help="the date; the last unless given")] = None,
    over: Annotated[
        list[str] | None,
        typer.Option("--over", metavar="KEY=LOW:HIGH", help="Sobol' indices over such ranges"),
    ] = None,
    sample: Annotated[int, typer.Option(help="with --over: groups of runs, a power of two")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="folder to export under")] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="export no figure")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document; export only with --out")
    ] = False,
) -> None:
    """Derivative of every quote and headline number in every parameter where a run rests.

    By the implicit function theorem; at a kink one-sided derivatives, below and above. With --over,
    shares of the variance over ranges of parameters instead (Sobol' indices, extra sensitivity).
    Exit codes: 0 done; 2 bad input; 3 the date does not come to rest.
    """
    from simulator.export import check_writable
    from simulator.sensitivity.derivatives import sensitivities as derive
    from walras.deriving import print_sensitivities, print_variances, varied_over
    from walras.tracing import leave_not_cleared

    try:
        scenario, parameters = _asked(what, assignments, own, code)
        out_folder = Path("runs") if folder is None and not as_json else folder
        if out_folder is not None:
            check_writable(out_folder)
        if over:
            shares = varied_over(scenario, parameters, over, sample, case=case, seed=seed)
            written = None if out_folder is None else shares.export(out_folder, plots=not no_plots)
            print_variances(shares, written, as_json=as_json)
            return
        with leave_not_cleared(NOT_CLEARED):
            found = derive(scenario, parameters, keys=by, case=case, date=date, seed=seed)
        written = None if out_folder is None else found.export(out_folder, plots=not no_plots)
    except Refused as error:
        _refuse(error)
    print_sensitivities(found, written, as_json=as_json)


@app.command()
def fit(
    what: What,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="FILE.csv", help="observed moments: output, observed, ..."),
    ],
    free: Annotated[
        list[str],
        typer.Option("--free", metavar="KEY=LOW:HIGH", help="a free parameter, and its range"),
    ],
    own: Own = None,
    code: Code = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    starts: Annotated[int, typer.Option(min=1, help="points tried before the optimiser")] = 16,
    seeds: Annotated[int, typer.Option(min=1, help="runs that each moment is the mean of")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="the first seed, and that of the points")] = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="folder to export under")] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="export no figure")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document; export only with --out")
    ] = False,
) -> None:
    """Find the parameters whose simulated numbers are nearest to observed ones.

    By the simulated method of moments: estimates, standard errors, the profile of the objective,
    which directions are identified, a test of over-identification. Exit codes: 0 done; 2 bad input.
    """
    from simulator.export import check_writable
    from walras.fitting import nearest, print_fit

    try:
        scenario, parameters = _asked(what, assignments, own, code)
        out_folder = Path("runs") if folder is None and not as_json else folder
        if out_folder is not None:
            check_writable(out_folder)
        found = nearest(scenario, parameters, to, free, starts=starts, seeds=seeds, seed=seed)
        written = None if out_folder is None else found.export(out_folder, plots=not no_plots)
    except Refused as error:
        _refuse(error)
    print_fit(found, written, as_json=as_json)


def main() -> None:
    """Entry point of the command."""
    app()


def _asked(
    what: str, assignments: Sequence[str] | None, own: Path | None, code: Sequence[Path] | None
) -> tuple[Scenario[Any], Parameters]:
    """Scenario and parameters of a name or of a file, with assignments.

    Files of code that an assignment names are named on the command line.
    """
    from simulator.code_file import CodeFile
    from simulator.data_file import data_files
    from simulator.parameters import parse, parse_assignment

    scenario, given, folder = _named(what, own)
    assigned = dict(parse_assignment(text) for text in assignments or [])
    named = [*(code or []), *(Path(text) for text in _texts(assigned) if text.endswith(".py"))]
    parameters = parse(scenario.parameters, given | assigned, folder, named)
    for file in data_files(parameters):
        if isinstance(file, CodeFile):
            file.module()  # refused here if the command line does not name it
    return scenario, parameters


def _named(what: str, own: Path | None) -> tuple[Scenario[Any], dict[str, Any], Path | None]:
    """Scenario of a name or of a file; what a file of parameters gives, and its folder."""
    from simulator.parameters import read_toml

    given, folder = dict[str, Any](), None
    name = what
    if not what.endswith(".py") and (
        what.endswith(".toml") or os.sep in what or Path(what).is_file()
    ):
        name, given = read_toml(Path(what))
        folder = Path(what).parent
        if name.endswith(".py"):
            raise Refused(
                f'{what} names the scenario "{name}"; a file of parameters can\'t have code'
                " executed, name it on the command line: --scenario FILE.py"
            )
    return _find(own)(name) if own is not None else find_or_load(name), given, folder


def _texts(value: object) -> Iterator[str]:
    """All texts in a value, those inside tables and lists included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))


def _find(own: Path | None) -> Callable[[str], Scenario[Any]]:
    """How to find the scenario of a name: the user's own file comes first, if one is named."""
    if own is None:
        return find
    scenario = find_or_load(str(own))

    def find_own(name: str) -> Scenario[Any]:
        return scenario if name == scenario.name else find(name)

    return find_own


if __name__ == "__main__":
    main()
