"""The command ``walras trace``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from markets.refused import Refused
from walras.asked import NOT_CLEARED, Own, What, asked, refuse
from walras.printing import err, out, print_table


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
    from simulator.continuation.trace import trace as follow
    from simulator.continuation.varied import NotCleared
    from simulator.export import check_writable

    try:
        key, start, end = _range(moved)
        scenario, parameters = asked(what, assignments, own)
        folder = Path("runs") if folder is None and not as_json else folder
        if folder is not None:
            check_writable(folder)
        with err.status(f"{scenario.name}: {key}") as status:
            if quiet or not err.is_terminal:
                status.stop()

            def progress(curve: int, number: float) -> None:
                status.update(f"{scenario.name}: curve {curve}, {key} = {number:.6g}")

            found = follow(
                scenario,
                parameters,
                key,
                start,
                end,
                case=case,
                seed=seed,
                starts=starts,
                progress=progress,
            )
        written = None if folder is None else found.export(folder, plots=not no_plots)
    except Refused as error:
        refuse(error)
    except NotCleared as error:
        err.print(f"[yellow]not cleared[/yellow]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(NOT_CLEARED) from None
    if as_json:
        print(json.dumps(found.to_json(), indent=2, allow_nan=False))
        return
    out.print(f"[bold]{scenario.name}[/bold]: {escape(found.summary)}", highlight=False)
    print_table(found.events)
    if written is not None:
        out.print(f"written to {written}", highlight=False)


def _range(moved: str) -> tuple[str, float, float]:
    """Key and ends of ``key=from:to``."""
    key, _, ends = moved.partition("=")
    start, _, end = ends.partition(":")
    try:
        return key.strip(), float(start), float(end)
    except ValueError:
        raise Refused(
            f'"{moved}" is no range; write key=from:to, for instance haircuts=0.01:0.3'
        ) from None
