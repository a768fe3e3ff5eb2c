"""Commands that run a scenario many times."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from walras.commands.app import (
    NOT_CLEARED,
    AsJson,
    Assignments,
    CaseName,
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
    export_and_show,
    export_under,
    named,
)
from walras.printing import out


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
    quiet: Quiet = False,
) -> None:
    """Run a scenario many times, over values of its parameters and seeds, into one table.

    The same command goes on where it was stopped, however that was; more values extend the sweep.
    Exit codes: 0 every run is done, whatever its outcome; 2 bad input; 3 no run cleared; 130
    interrupted (143 by SIGTERM, 129 by SIGHUP).
    """
    from simulator.code_file import code_in
    from simulator.stopping import INTERRUPTS
    from simulator.sweep.axes import Axis, read_axis
    from walras.sweeping import command

    try:
        scenario, given, beside = named(what, own)
        read = {text: read_axis(text) for text in axes or []}
        written = [  # what a file of values names is not named on the command line
            list(axis.values)
            for text, axis in read.items()
            if isinstance(axis, Axis) and not text.partition("=")[2].strip().startswith("@")
        ]
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
            code=[*(code or []), *code_in(written)],
        )
    except INTERRUPTS as stopped:
        stopped.add_note("the same command goes on from what is done")
        raise
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
    dpi: Dpi = 180.0,
    width: Width = None,
) -> None:
    """Plot a sweep: lines with bands over seeds (--x), or maps over two parameters (--heat)."""
    from walras.sweeping import write_figures

    for path in write_figures(folder, x, y or [], by, heat, date, target, dpi, width):
        out.print(str(path), highlight=False, markup=False)


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
    assignments: Assignments = None,
    case: CaseName = None,
    date: Annotated[int, typer.Option(help="the date that is followed")] = 1,
    seed: Seed = 0,
    starts: Annotated[
        int, typer.Option(min=1, max=100_000, help="begin curves at all that so many starts find")
    ] = 1,
    folder: Out = None,
    no_plots: NoPlots = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Follow the equilibrium as a number moves, around folds and through changes of regime.

    Every point is reached by rounds again and certified; prints where curves fold, regimes change
    and curves end. Exit codes: 0 traced; 2 bad input; 3 no equilibrium to begin with.
    """
    from simulator.stopping import INTERRUPTS, unstoppable
    from walras.tracing import leave_not_cleared, print_trace, read_range, traced

    out_folder: Path | None = None
    try:
        key, start, end = read_range(moved)
        scenario, parameters = asked(what, assignments, own, code)
        out_folder = export_under(folder, as_json)
        with leave_not_cleared(NOT_CLEARED):
            found = traced(scenario, parameters, key, start, end, case=case, date=date,
                           seed=seed, starts=starts, quiet=quiet)  # fmt: skip
        show = partial(print_trace, found, as_json=as_json)
        export_and_show(found, out_folder, show, plots=not no_plots)
    except INTERRUPTS as stopped:
        if hasattr(stopped, "trace") and out_folder is not None:
            with unstoppable():
                written = stopped.trace.export(out_folder, plots=False)
            stopped.add_note(f"what was traced so far is in {written}")
        raise


@app.command()
def sensitivities(
    what: What,
    own: Own = None,
    code: Code = None,
    assignments: Assignments = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="a parameter, as often as you like; all if not")
    ] = None,
    case: CaseName = None,
    date: Annotated[int | None, typer.Option(help="the date; the last unless given")] = None,
    over: Annotated[
        list[str] | None,
        typer.Option("--over", metavar="KEY=LOW:HIGH", help="Sobol' indices over such ranges"),
    ] = None,
    sample: Annotated[int, typer.Option(help="with --over: groups of runs, a power of two")] = 128,
    seed: Seed = 0,
    folder: Out = None,
    no_plots: NoPlots = False,
    as_json: AsJson = False,
) -> None:
    """Derivative of every quote and headline number in every parameter where a run rests.

    By the implicit function theorem; at a kink one-sided derivatives, below and above. With --over,
    shares of the variance over ranges of parameters instead (Sobol' indices, extra sensitivity).
    Exit codes: 0 done; 2 bad input; 3 the date does not come to rest.
    """
    from simulator.sensitivity.derivatives import sensitivities as derive
    from walras.deriving import print_sensitivities, print_variances, varied_over
    from walras.tracing import leave_not_cleared

    scenario, parameters = asked(what, assignments, own, code)
    out_folder = export_under(folder, as_json)
    if over:
        shares = varied_over(scenario, parameters, over, sample, case=case, seed=seed)
        show = partial(print_variances, shares, as_json=as_json)
        export_and_show(shares, out_folder, show, plots=not no_plots)
        return
    with leave_not_cleared(NOT_CLEARED):
        found = derive(scenario, parameters, keys=by, case=case, date=date, seed=seed)
    show = partial(print_sensitivities, found, as_json=as_json)
    export_and_show(found, out_folder, show, plots=not no_plots)


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
    assignments: Assignments = None,
    starts: Annotated[int, typer.Option(min=1, help="points tried before the optimiser")] = 16,
    seeds: Annotated[int, typer.Option(min=1, help="runs that each moment is the mean of")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="the first seed, and that of the points")] = 0,
    folder: Out = None,
    no_plots: NoPlots = False,
    as_json: AsJson = False,
) -> None:
    """Find the parameters whose simulated numbers are nearest to observed ones.

    By the simulated method of moments: estimates, standard errors, the profile of the objective,
    which directions are identified, a test of over-identification. Exit codes: 0 done; 2 bad input.
    """
    from walras.fitting import nearest, print_fit

    scenario, parameters = asked(what, assignments, own, code)
    out_folder = export_under(folder, as_json)
    found = nearest(scenario, parameters, to, free, starts=starts, seeds=seeds, seed=seed)
    show = partial(print_fit, found, as_json=as_json)
    export_and_show(found, out_folder, show, plots=not no_plots)


@app.command()
def replicate(
    paper: Annotated[
        list[str] | None,
        typer.Option("--paper", metavar="NAME", help="a paper, as often as you like; all if not"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="folder of the results (replication unless given)")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=1_000, help="processes; 0: everything in this one")
    ] = 2,
    errata: Annotated[
        bool, typer.Option("--errata", help="print the errata of the papers, and run nothing")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Simulate what the papers publish: every number, figure and proposition in one table.

    Published, simulated, by closed form, difference, tolerance, certificate and verdict, as CSV and
    Parquet, with figures and a report as HTML and PDF. Exit codes: 0 what is marked as reproduced
    is; 2 bad input; 3 something is not.
    """
    from walras.replicating import FOLDER, chosen, command, show_errata

    if errata:
        show_errata(chosen(paper))
        return
    done = command(paper, folder or FOLDER, workers, quiet=quiet)
    if done.differing:
        raise typer.Exit(NOT_CLEARED)
