"""What ``walras fit`` does: progress, and its tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from walras.printing import err, out, print_table, print_written
from walras.tracing import read_range

if TYPE_CHECKING:
    from simulator.fit.fit import Fit
    from simulator.parameters import Parameters
    from simulator.scenario import Scenario


def nearest(
    scenario: Scenario[Any],
    parameters: Parameters,
    to: Path,
    free: Sequence[str],
    *,
    starts: int,
    seeds: int,
    seed: int,
) -> Fit[Any]:
    """Fit ranges ``key=low:high`` to a file, with progress on the terminal."""
    from simulator.fit.fit import fit
    from simulator.fit.moments import read_moments

    moments = read_moments(to)
    ranges = {key: (low, high) for key, low, high in map(read_range, free)}
    with err.status(f"{scenario.name}: fitting") as status:
        if not err.is_terminal:
            status.stop()

        def progress(evaluations: int, lowest: float) -> None:
            status.update(f"{scenario.name}: {evaluations} evaluations, objective {lowest:.4g}")

        return fit(
            scenario,
            parameters,
            moments,
            ranges,
            starts=starts,
            seeds=seeds,
            seed=seed,
            progress=progress,
        )


def print_fit(found: Fit[Any], written: Path | None, *, as_json: bool) -> None:
    """Estimates, moments and directions, or all of it as JSON."""
    if as_json:
        print(json.dumps(found.to_json(), indent=2, allow_nan=False))
        return
    out.print(f"[bold]{found.scenario.name}[/bold]: {escape(found.summary)}", highlight=False)
    print_table(found.estimates)
    print_table(found.moments)
    out.print("by how many standard errors the moments move from end to end:", highlight=False)
    print_table(found.directions)
    if found.failures:
        out.print(f"{found.failures} of {found.evaluations} points did not clear", highlight=False)
    print_written(written)
