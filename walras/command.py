"""The command ``walras``."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from markets.refused import Refused
from walras.catalogue import TITLES, find

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import Progress
    from rich.table import Table

    from simulator.certificate import Certificate
    from simulator.journey import Round
    from simulator.parameters import Parameters
    from simulator.run import Run
    from simulator.scenario import Scenario

DEFECT, BAD_INPUT, NOT_CLEARED, INTERRUPTED = 1, 2, 3, 130

DATES_SHOWN = 20
"""Dates printed; of runs with more, the last one of each case."""

WIDE = 100_000
"""Width of tables in characters, so that no number is ever cut; the terminal wraps lines."""

REFRESH = 0.1
"""Seconds between two displays of progress."""

app = typer.Typer(
    name="walras",
    help="Markets with collateral, margins and default: traders, a clearing house, and rounds"
    " until every market clears.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True)
err = Console(stderr=True)


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
    width = max(len(name) for name in TITLES)
    for title in TITLES.values():
        out.print(
            f"[bold]{title.name:{width}}[/bold]  {escape(title.summary)}."
            f" Source: {escape(title.source)}.",
            highlight=False,
        )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="name of a scenario, see walras list")],
    toml: Annotated[bool, typer.Option("--toml", help="print a file to edit and run")] = False,
) -> None:
    """Show a scenario's parameters: default, unit, allowed range, meaning."""
    from simulator.parameters import declared, to_toml

    try:
        scenario = find(name)
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
    what: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="a scenario, or a file")],
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
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Run a scenario, print its table and export the run (under runs/ unless --out is given).

    Exit codes: 0 every date cleared and certified; 2 bad input; 3 not cleared or not certified
    (the record is exported all the same); 130 interrupted; 1 a defect of the program. In the last
    two cases what was done before is exported, marked as not finished.
    """
    try:
        scenario, parameters = _asked(what, assignments)
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
            quiet=quiet,
        )
    except Refused as error:
        _refuse(error)
    if as_json:
        print(json.dumps(finished.to_json(), indent=2, allow_nan=False))
    else:
        _print_run(finished, written)
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
    quiet: bool,
) -> tuple[Run[Any], Path | None]:
    """Run, and export if there is a folder to export to."""
    from simulator.export import Format, check_writable
    from simulator.run import simulate

    if folder is not None:
        check_writable(folder)
    with _Display(scenario, parameters, quiet) as display:
        finished = simulate(
            scenario,
            parameters,
            seed=seed,
            progress=display.round,
            studies=studies,
            starts=starts,
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
        traceback.print_exception(finished.error)
    elif finished.reason:
        err.print(f"[yellow]{outcome}[/yellow]: {escape(finished.reason)}", soft_wrap=True)
    err.print(escape(outcome.advice), soft_wrap=True, highlight=False)
    if finished.error is not None and written is not None:
        err.print(f"the record so far is in {written}", soft_wrap=True, highlight=False)
    codes = {Outcome.DEFECT: DEFECT, Outcome.INTERRUPTED: INTERRUPTED}
    raise typer.Exit(codes.get(outcome, NOT_CLEARED))


@app.command()
def serve(
    what: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="a scenario, or a file")],
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8765,
) -> None:
    """Watch and steer a scenario in the browser, until Ctrl-C."""
    from walras.serving import Asked, check_servable
    from walras.serving import serve as serve_page

    try:
        scenario, parameters = _asked(what, assignments)
        check_servable(host, port)
    except Refused as error:
        _refuse(error)
    given = parameters.model_dump(mode="json", exclude_defaults=True)
    with err.status(f"{scenario.name}: starting the page") as status:

        def ready(address: str) -> None:
            status.stop()
            out.print(f"{scenario.name} is at {address} (stop with Ctrl-C)", highlight=False)

        serve_page(Asked(scenario.name, given, seed), host, port, ready)


@app.command()
def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="an exported run, or a folder of several")
    ],
) -> None:
    """Certify exported runs again from their files alone, and say whether they were altered."""
    from simulator.verify import runs_in
    from simulator.verify import verify as verify_run

    altered: list[str] = []
    certified = True
    try:
        runs = runs_in(folder)
        for number, place in enumerate(runs):
            checked = verify_run(place, find)
            if len(runs) > 1:
                out.print(f"{'' if number == 0 else chr(10)}[bold]{place}[/bold]", highlight=False)
            rows = checked.dates.to_dict("records")
            for row, certificate in zip(rows, checked.certificates, strict=True):
                out.print(f"[bold]{row['case']}, date {row['date']}[/bold]", highlight=False)
                _print_certificate(certificate)
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


def main() -> None:
    """Entry point of the command."""
    app()


def _asked(what: str, assignments: Sequence[str] | None) -> tuple[Scenario[Any], Parameters]:
    """Scenario and parameters of a name or of a file, with assignments."""
    from simulator.parameters import parse, parse_assignment, read_toml

    name, given = what, dict[str, Any]()
    if what.endswith(".toml") or os.sep in what or Path(what).is_file():
        name, given = read_toml(Path(what))
    scenario = find(name)
    given |= dict(parse_assignment(text) for text in assignments or [])
    return scenario, parse(scenario.parameters, given)


class _Display:
    """What is going on, on the terminal: case, date, round, excess demand, and a bar of dates."""

    def __init__(self, scenario: Scenario[Any], parameters: Parameters, quiet: bool) -> None:
        self.name = scenario.name
        self.quiet = quiet or not err.is_terminal
        self.dates = sum(len(case.announcements) for case in scenario.cases(parameters))
        self.done, self.last, self.shown = 0, ("", 0), 0.0
        self.progress: Progress | None = None

    def __enter__(self) -> _Display:
        if self.quiet:
            return self
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bars

        bar = [BarColumn(), MofNCompleteColumn()] if self.dates > DATES_SHOWN else []
        columns = [SpinnerColumn(), TextColumn("{task.description}"), *bar]
        self.progress = Bars(*columns, console=err, transient=True)
        self.progress.start()
        self.task = self.progress.add_task(self.name, total=self.dates)
        return self

    def __exit__(self, *ended: object) -> None:
        if self.progress is not None:
            self.progress.stop()

    def round(self, event: Round) -> None:
        """Show a round."""
        if (event.case, event.date) != self.last:
            self.done += self.last != ("", 0)
            self.last = (event.case, event.date)
        now = time.monotonic()
        if self.progress is None or now < self.shown + REFRESH:
            return
        self.shown = now
        text = (
            f"{self.name}: {event.case}, date {event.date} of {event.dates}, round {event.round},"
            f" largest excess demand {event.share:.1e}"
        )
        self.progress.update(self.task, description=text, completed=self.done)

    def say(self, text: str) -> None:
        """Show what comes after the rounds."""
        if self.progress is not None:
            self.progress.update(
                self.task, description=f"{self.name}: {text}", completed=self.dates
            )


def _print_run(finished: Run[Any], written: Path | None) -> None:
    """What happened, the table of dates, the certificate if it fails, and where the files are."""
    from simulator.outcome import Outcome

    scenario = finished.scenario
    summary = scenario.summary(finished)
    out.print(f"[bold]{scenario.name}[/bold]: {escape(summary)}", highlight=False)
    if len(finished.ends) > DATES_SHOWN:
        _print_report(finished.report)
        _print_dates(finished)
    else:
        _print_dates(finished)
        _print_report(finished.report)
    _print_equilibria(finished)
    if finished.outcome not in (Outcome.CLEARED, Outcome.INTERRUPTED) and finished.ends:
        _print_certificate(finished.certificate)
    if scenario.caution:
        out.print(escape(scenario.caution), highlight=False)
    if written is not None:
        out.print(f"written to {written}", highlight=False)


def _print_dates(finished: Run[Any]) -> None:
    """The table of dates: quotes, simulated and by theory; of many dates the last of each case."""
    dates = finished.dates
    if not len(dates):
        return
    rows = list(range(len(dates)))
    if len(dates) > DATES_SHOWN:
        last = dates.reset_index().groupby("case", sort=False)["index"].max()
        rows = last.tolist()
        out.print(f"the last of {len(dates) // len(rows)} dates of each case:", highlight=False)
    cases = dates["case"].nunique() > 1
    untraded = any(finished.ends[row].intervals for row in rows)
    heads = [*(["case"] if cases else []), "date", *finished.scenario.headline]
    table = _table(
        *[(head, False) for head in heads],
        ("quote", False),
        *[(head, True) for head in ("simulated", "closed form", "difference", "rounds")],
        ("certified", False),
        *([("untraded at", False)] if untraded else []),
    )
    for row in rows:
        line = dates.iloc[row]
        theory = finished.closed_forms(row) or {}
        intervals = finished.ends[row].intervals
        for place, (name, value) in enumerate(finished.quotes(row).items()):
            known = theory.get(name)
            first = place == 0
            table.add_row(
                *(_cell(line[head]) if first and head in line else "" for head in heads),
                escape(name),
                f"{value:.9f}",
                "" if known is None else f"{known:.9f}",
                "" if known is None else f"{value - known:+.1e}",
                str(line["rounds"]) if first else "",
                ("yes" if line["certified"] else "[red]no[/red]") if first else "",
                *([_interval(intervals.get(name))] if untraded else []),
            )
    _print_table(table)


def _print_report(report: pd.DataFrame | None) -> None:
    if report is None or not len(report):
        return
    table = _table(*[(str(head), False) for head in report.columns])
    for values in report.itertuples(index=False):
        table.add_row(*(_cell(value) for value in values))
    out.print()
    _print_table(table)
    out.print()


def _print_equilibria(finished: Run[Any]) -> None:
    """The resting points found from several starts, if that was asked."""
    from simulator.results import EQUILIBRIA

    table = finished.studies.get(EQUILIBRIA)
    if table is None:
        return
    starts = int(table.groupby(["case", "date"])["starts"].sum().max())
    most = int(table["of"].max())
    several = table["of"].nunique() > 1
    number = ("no", "one")[most] if most < 2 else f"up to {most}" if several else str(most)
    noun = "equilibrium" if most == 1 else "equilibria"
    out.print(f"{number} {noun} found from {starts} starts:", highlight=False)
    _print_report(table)


def _print_certificate(certificate: Certificate) -> None:
    table = _table(
        ("condition", False), ("residual", True), ("tolerance", True), ("holds", False),
        ("checked", False),
    )  # fmt: skip
    for condition in certificate.conditions:
        table.add_row(
            escape(condition.name),
            f"{condition.residual:.1e}",
            f"{condition.tolerance:.0e}",
            "yes" if condition.holds else "[red]no[/red]",
            escape(condition.checked),
        )
    _print_table(table)


def _table(*heads: tuple[str, bool]) -> Table:
    """A table without lines; a head that is true is of numbers, on the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head, number in heads:
        justify = "right" if number else "left"
        table.add_column(head.replace("_", " "), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


def _print_table(table: Table) -> None:
    """Whole, however narrow the terminal is."""
    Console(width=WIDE, soft_wrap=True).print(table, soft_wrap=True)


def _interval(ends: tuple[float, float] | None) -> str:
    """The quotes at which nobody trades something, if nobody does."""
    return "" if ends is None else escape(f"[{ends[0]:.6g}, {ends[1]:.6g}]")


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else escape(str(value))


if __name__ == "__main__":
    main()
