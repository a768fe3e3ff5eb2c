"""What ``walras sensitivities`` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from walras.printing import out, print_table

if TYPE_CHECKING:
    import pandas as pd

    from simulator.sensitivity.derivatives import Sensitivities


def print_sensitivities(found: Sensitivities[Any], written: Path | None, *, as_json: bool) -> None:
    """A row per parameter and a column per output, or all of it as JSON."""
    if as_json:
        print(json.dumps(found.to_json(), indent=2, allow_nan=False))
        return
    out.print(f"[bold]{found.scenario.name}[/bold]: {escape(found.summary)}", highlight=False)
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
