"""What the command prints: progress, tables of results, certificates."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import Progress
    from rich.table import Table

    from simulator.certificate import Certificate
    from simulator.journey import Round
    from simulator.parameters import Parameters
    from simulator.run import Run
    from simulator.scenario import Scenario

DATES_SHOWN = 20
"""Dates printed; of runs with more, the last one of each case."""

WIDE = 100_000
"""Width of tables in characters, so that no number is ever cut; the terminal wraps lines."""

REFRESH = 0.1
"""Seconds between two displays of progress."""

out = Console(soft_wrap=True, emoji=False)
err = Console(stderr=True, emoji=False)


class Display:
    """What is going on, on the terminal: case, date, round, excess demand, and a bar of dates."""

    def __init__(self, scenario: Scenario[Any], parameters: Parameters, quiet: bool) -> None:
        self.name = scenario.name
        self.quiet = quiet or not err.is_terminal
        self.dates = sum(len(case.announcements) for case in scenario.cases(parameters))
        self.done, self.last, self.shown = 0, ("", 0), 0.0
        self.progress: Progress | None = None

    def __enter__(self) -> Display:
        if self.quiet:
            return self
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bars

        bar = [BarColumn(), MofNCompleteColumn()] if self.dates > DATES_SHOWN else []
        columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False), *bar]
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


def print_run(finished: Run[Any], written: Path | None) -> None:
    """What happened, the table of dates, the certificate if it fails, and where the files are."""
    from simulator.outcome import Outcome

    scenario = finished.scenario
    out.print(f"[bold]{scenario.name}[/bold]: {escape(finished.summary)}", highlight=False)
    if len(finished.ends) > DATES_SHOWN:
        print_table(finished.printed)
        _print_dates(finished)
    else:
        _print_dates(finished)
        print_table(finished.printed)
    _print_traders(finished)
    _print_equilibria(finished)
    if finished.outcome not in (Outcome.CLEARED, Outcome.INTERRUPTED) and finished.ends:
        print_certificate(finished.certificate)
    if scenario.caution:
        out.print(escape(scenario.caution), highlight=False)
    print_written(written)


def print_written(place: Path | None) -> None:
    """Where the files are, if there are any; its name stays as it is."""
    if place is not None:
        out.print(f"written to {place}", highlight=False, markup=False)


def _print_traders(finished: Run[Any]) -> None:
    """How many members really trade."""
    if "traders_trading" not in finished.dates:
        return
    counts = finished.dates["traders_trading"].dropna()
    if len(counts):
        low, high = counts.min(), counts.max()
        span = f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"
        out.print(f"members who trade at a date: {span}", highlight=False)


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


def print_table(report: pd.DataFrame | None) -> None:
    """Print a table, if there is one and it has rows."""
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
    print_table(table)


def print_certificate(certificate: Certificate) -> None:
    """Print every condition: residual, tolerance, whether it holds, what was checked."""
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
        table.add_column(escape(head.replace("_", " ")), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


def _print_table(table: Table) -> None:
    """Whole, however narrow the terminal is."""
    Console(width=WIDE, soft_wrap=True, emoji=False).print(table, soft_wrap=True)


def _interval(ends: tuple[float, float] | None) -> str:
    """The quotes at which nobody trades something, if nobody does."""
    return "" if ends is None else escape(f"[{ends[0]:.6g}, {ends[1]:.6g}]")


def _cell(value: object) -> str:
    """A cell as it is printed; empty where there is no number."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return escape(str(value))
