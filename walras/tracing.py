"""What ``walras trace`` does: progress, and the table of folds and changes of regime."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape

from markets.refused import Refused
from walras.printing import err, out, print_table, print_written

if TYPE_CHECKING:
    from simulator.continuation.trace import Trace
    from simulator.parameters import Parameters
    from simulator.scenario import Scenario


def traced(
    scenario: Scenario[Any],
    parameters: Parameters,
    key: str,
    start: float,
    end: float,
    *,
    case: str | None,
    date: int,
    seed: int,
    starts: int,
    quiet: bool,
) -> Trace[Any]:
    """Trace, with progress on the terminal."""
    from simulator.continuation.trace import trace

    with err.status(escape(f"{scenario.name}: {key}")) as status:
        if quiet or not err.is_terminal:
            status.stop()

        def progress(curve: int, number: float) -> None:
            status.update(escape(f"{scenario.name}: curve {curve}, {key} = {number:.6g}"))

        return trace(
            scenario,
            parameters,
            key,
            start,
            end,
            case=case,
            date=date,
            seed=seed,
            starts=starts,
            progress=progress,
        )


def read_range(moved: str) -> tuple[str, float, float]:
    """Key and ends of ``key=from:to``.

    Raises
    ------
    Refused
        Showing a right one.
    """
    key, _, ends = moved.partition("=")
    start, _, end = ends.partition(":")
    try:
        return key.strip(), float(start), float(end)
    except ValueError:
        raise Refused(
            f'"{moved}" is no range; write key=from:to, for instance haircuts=0.01:0.3'
        ) from None


@contextmanager
def leave_not_cleared(code: int) -> Iterator[None]:
    """Say that there is no equilibrium to begin with, if there is none, and leave."""
    from simulator.continuation.varied import NotCleared

    try:
        yield
    except NotCleared as error:
        err.print(f"[yellow]not cleared[/yellow]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(code) from None


def print_trace(found: Trace[Any], written: Path | None, *, as_json: bool) -> None:
    """The summary and the events, or all of it as JSON."""
    if as_json:
        print(json.dumps(found.to_json(), indent=2, allow_nan=False))
        return
    out.print(f"[bold]{found.scenario.name}[/bold]: {escape(found.summary)}", highlight=False)
    print_table(found.events)
    print_written(written)
