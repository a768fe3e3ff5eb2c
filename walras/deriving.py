"""The command ``walras sensitivities``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from markets.refused import Refused
from walras.asked import NOT_CLEARED, Own, What, asked, refuse
from walras.printing import err, out, print_table

if TYPE_CHECKING:
    import pandas as pd

    from simulator.sensitivity.derivatives import Sensitivities


def sensitivities(
    what: What,
    own: Own = None,
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
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="folder to export under")] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="export no figure")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document; export only with --out")
    ] = False,
) -> None:
    """Derivative of every quote and headline number in every parameter where a run rests.

    By the implicit function theorem; at a kink one-sided derivatives, below and above. Exit codes:
    0 done; 2 bad input; 3 the date does not come to rest.
    """
    from simulator.continuation.varied import NotCleared
    from simulator.export import check_writable
    from simulator.sensitivity.derivatives import sensitivities as derive

    try:
        scenario, parameters = asked(what, assignments, own)
        folder = Path("runs") if folder is None and not as_json else folder
        if folder is not None:
            check_writable(folder)
        found = derive(scenario, parameters, keys=by, case=case, date=date, seed=seed)
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
    print_table(_by_output(found))
    for key, reason in found.left_out.items():
        out.print(f"{escape(key)} is left out: {escape(reason)}", highlight=False)
    if written is not None:
        out.print(f"written to {written}", highlight=False)


def _by_output(found: Sensitivities[Any]) -> pd.DataFrame:
    """A row per parameter, a column per output; both sides where there is a kink."""
    table = found.table
    said = [
        f"{row['below']:.6g} below, {row['above']:.6g} above".replace("nan", "none")
        if row["kink"]
        else row["derivative"]
        for row in table.to_dict("records")
    ]
    wide = table.assign(said=said).pivot(index="parameter", columns="output", values="said")
    outputs = list(dict.fromkeys(table["output"]))
    values = table.drop_duplicates("parameter").set_index("parameter")["value"]
    wide = wide.loc[found.keys, outputs]
    wide.insert(0, "value", values)
    return wide.reset_index()
