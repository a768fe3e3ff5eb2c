"""What ``walras sensitivities`` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from walras.printing import err, out, print_table, print_written
from walras.tracing import read_range

if TYPE_CHECKING:
    import pandas as pd

    from simulator.parameters import Parameters
    from simulator.scenario import Scenario
    from simulator.sensitivity.derivatives import Sensitivities
    from simulator.sensitivity.variance import Variances


def print_sensitivities(found: Sensitivities[Any], written: Path | None, *, as_json: bool) -> None:
    """A row per parameter and a column per output, or all of it as JSON."""
    if as_json:
        print(json.dumps(found.to_json(), indent=2, allow_nan=False))
        return
    out.print(f"[bold]{found.scenario.name}[/bold]: {escape(found.summary)}", highlight=False)
    print_table(_by_output(found))
    for key, reason in found.left_out.items():
        out.print(f"{escape(key)} is left out: {escape(reason)}", highlight=False)
    print_written(written)


def varied_over(
    scenario: Scenario[Any],
    parameters: Parameters,
    over: Sequence[str],
    sample: int,
    *,
    case: str | None,
    seed: int,
) -> Variances[Any]:
    """Sobol' indices over ranges ``key=low:high``, with progress on the terminal."""
    from simulator.sensitivity.variance import variances

    ranges = {key: (low, high) for key, low, high in map(read_range, over)}
    with err.status(f"{scenario.name}: designing the runs") as status:
        if not err.is_terminal:
            status.stop()

        def progress(done: int, of: int) -> None:
            status.update(f"{scenario.name}: run {done} of {of}")

        return variances(
            scenario, parameters, ranges, sample, case=case, seed=seed, progress=progress
        )


def print_variances(found: Variances[Any], written: Path | None, *, as_json: bool) -> None:
    """A row per output and parameter, or all of it as JSON."""
    if as_json:
        print(json.dumps(found.to_json(), indent=2, allow_nan=False))
        return
    out.print(f"[bold]{found.scenario.name}[/bold]: {escape(found.summary)}", highlight=False)
    print_table(found.indices)
    print_written(written)


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
