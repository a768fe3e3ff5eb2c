r"""Sobol' indices: which parameters the variance of an output over a range comes from.

Parameters are independent and uniform on their ranges. Of output :math:`Y`, parameter :math:`i`
has the first-order and the total index

.. math:: S_i = \frac{\operatorname{Var} E(Y \mid x_i)}{\operatorname{Var} Y}, \qquad
          T_i = 1 - \frac{\operatorname{Var} E(Y \mid x_{-i})}{\operatorname{Var} Y}:

the share of variance that goes with the parameter alone, and with it or any of its interactions.
Runs are made at the points of Saltelli's design (*Computer Physics Communications* 181, 2010):
groups of k + 2 points for k parameters, from a Sobol' sequence. Design and estimators, with
bootstrap intervals over the groups, are those of SALib (the extra ``sensitivity``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from markets.refused import Refused
from simulator.continuation.varied import case_named, number_at, varied
from simulator.declared import Declared
from simulator.names import counted
from simulator.outcome import Outcome
from simulator.report_folder import Found, records
from simulator.results import P
from simulator.run import simulate
from simulator.threads import one_thread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Range = tuple[float, float]

CONFIDENCE = 0.95
"""Level of the intervals."""

RESAMPLES = 200
"""Bootstrap samples of the groups behind each interval."""

FEWEST = 8
"""Groups of which an interval can be said."""

Progress = Callable[[int, int], None]
"""Called after every run with how many are done, and of how many."""


@dataclass(frozen=True, repr=False)
class Variances(Found[P]):
    """Sobol' indices of the outputs at the last date of a case.

    Attributes
    ----------
    scenario, parameters, seed, case
        What was run; ``parameters`` are those that do not vary.
    ranges : mapping
        Lowest and highest value by parameter.
    runs : pandas.DataFrame
        One row per run in the order of the design: parameters, ``outcome`` and outputs.
    indices : pandas.DataFrame
        One row per output and parameter: ``first``, ``total`` and half the width of their 95%
        intervals; empty where the output does not vary.
    groups, of : int
        Groups of runs that all cleared, which alone count, and all groups.
    """

    kind: ClassVar[str] = "sobol"
    case: str
    ranges: Mapping[str, Range]
    runs: pd.DataFrame
    indices: pd.DataFrame
    groups: int
    of: int

    @property
    def summary(self) -> str:
        """What was worked out, in a sentence."""
        left_out = self.of - self.groups
        lost = f", {left_out} left out since a run of them did not clear" if left_out else ""
        return (
            f"Sobol' indices of {self.case} over {counted(len(self.ranges), 'parameter')} from"
            f" {len(self.runs)} runs in {self.of} groups{lost}"
        )

    def plot(self) -> dict[str, Figure]:
        """The figure, by name."""
        from simulator.sensitivity.variance_figure import shares

        return {"sobol_indices": shares(self)}

    @property
    def asked(self) -> Mapping[str, object]:
        """What was asked for beside parameters and seed."""
        return {"case": self.case, "ranges": dict(self.ranges), "of": self.of}

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables by name."""
        return {"indices": self.indices, "runs": self.runs}

    def details(self) -> dict[str, Any]:
        """Indices and how they were found."""
        return {
            "case": self.case,
            "ranges": {key: list(ends) for key, ends in self.ranges.items()},
            "runs": len(self.runs),
            "groups": self.groups,
            "of": self.of,
            "indices": records(self.indices),
        }


@one_thread()
def variances(
    scenario: Declared[P],
    parameters: P,
    ranges: Mapping[str, Range],
    groups: int,
    *,
    case: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Variances[P]:
    """Run Saltelli's design over ranges of parameters and work out Sobol' indices.

    Parameters
    ----------
    scenario, parameters, seed
        As for a run; every run has the seed, so that draws do not add to the variance.
    ranges : mapping
        Lowest and highest value by parameter, named as in
        :func:`simulator.continuation.varied.varied`.
    groups : int
        Groups of runs, a power of two; each has as many runs as parameters vary, and two more.
    case : str, optional
        Name of the case; the first unless given.
    progress : callable, optional
        Called after every run.

    Raises
    ------
    Refused
        If a range is none, groups are no power of two, SALib is not installed, or too few groups
        cleared.
    """
    for key in ranges:
        number_at(parameters, key)
    name = case_named(scenario, parameters, case).name
    points = design(ranges, groups, seed)
    rows: list[dict[str, object]] = []
    for number, values in enumerate(points.to_dict("records"), start=1):
        changes = {str(key): float(value) for key, value in values.items()}
        try:
            rows.append(_run(scenario, varied(parameters, changes), name, seed))
        except Refused as refused:
            rows.append({"outcome": f"refused: {refused}"})
        if progress is not None:
            progress(number, len(points))
    outputs = pd.DataFrame(rows)
    outputs = outputs.drop(columns=[key for key in ranges if key in outputs])
    cleared = (outputs.pop("outcome") == str(Outcome.CLEARED)).to_numpy()
    found, kept = indices(ranges, outputs[cleared].reindex(outputs.index), seed)
    runs = pd.concat([points, pd.DataFrame(rows)["outcome"], outputs], axis=1)
    return Variances(scenario, parameters, seed, name, dict(ranges), runs, found, kept, groups)


def design(ranges: Mapping[str, Range], groups: int, seed: int) -> pd.DataFrame:
    """The points of Saltelli's design, one row per run, in groups of k + 2 rows.

    Raises
    ------
    Refused
        If a range is none, or groups are no power of two from ``FEWEST`` on.
    """
    for key, (low, high) in ranges.items():
        if not low < high:
            raise Refused(f"{key} goes from {low!r} to {high!r}; it must go up")
    if groups < FEWEST or groups & (groups - 1):
        raise Refused(f"sample is {groups}; it must be a power of two, and at least {FEWEST}")
    _, sobol = _salib()
    points = sobol.sample(_problem(ranges), groups, calc_second_order=False, seed=seed)
    return pd.DataFrame(points, columns=list(ranges))


def indices(
    ranges: Mapping[str, Range], outputs: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, int]:
    """Sobol' indices of outputs at the points of :func:`design`, in its order.

    Parameters
    ----------
    ranges : mapping
        Those of the design.
    outputs : pandas.DataFrame
        A column per output; a row with a number missing takes its whole group out.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        As :attr:`Variances.indices`.
    int
        Groups that counted.

    Raises
    ------
    Refused
        If the table is not one of the design, or fewer than ``FEWEST`` groups count.
    """
    analyze, _ = _salib()
    size = len(ranges) + 2
    if len(outputs) % size:
        raise Refused(f"the table has {len(outputs)} rows; a design has a multiple of {size}")
    values = outputs.to_numpy(dtype=np.float64).reshape(-1, size, outputs.shape[1])
    values = values[np.isfinite(values).all(axis=(1, 2))]
    if len(values) < FEWEST:
        raise Refused(f"{len(values)} groups of runs all cleared; indices need {FEWEST} at least")
    rows = []
    for k, output in enumerate(outputs.columns):
        column = values[:, :, k].ravel()
        found: Mapping[str, Any] = dict.fromkeys(("S1", "S1_conf", "ST", "ST_conf"), None)
        if np.ptp(column) > 0.0:
            found = analyze.analyze(
                _problem(ranges),
                column,
                calc_second_order=False,
                num_resamples=RESAMPLES,
                conf_level=CONFIDENCE,
                seed=seed,
            )
        for i, key in enumerate(ranges):
            first, wide, total, total_wide = (
                np.nan if found[name] is None else float(found[name][i])
                for name in ("S1", "S1_conf", "ST", "ST_conf")
            )
            rows.append(
                {
                    "output": output,
                    "parameter": key,
                    "first": first,
                    "first_interval": wide,
                    "total": total,
                    "total_interval": total_wide,
                }
            )
    return pd.DataFrame(rows), len(values)


def _run(scenario: Declared[P], parameters: P, case: str, seed: int) -> dict[str, object]:
    """Outcome and outputs of a run at the last date of a case."""
    run = simulate(scenario, parameters, seed=seed, studies=False)
    if run.error is not None:
        raise run.error
    end = [end for end in run.ends if end.point.case == case][-1]
    told = {
        name: value
        for name, value in end.described.items()
        if name in scenario.headline and isinstance(value, float) and name not in end.point.quotes
    }
    return {"outcome": str(end.outcome), **end.point.quotes, **told}


def _problem(ranges: Mapping[str, Range]) -> dict[str, Any]:
    return {
        "num_vars": len(ranges),
        "names": list(ranges),
        "bounds": [list(ends) for ends in ranges.values()],
    }


def _salib() -> tuple[Any, Any]:
    """SALib's estimators and design; it is loaded when it is needed."""
    try:
        from SALib.analyze import sobol as analyze
        from SALib.sample import sobol as sample
    except ImportError:
        raise Refused(
            'Sobol\' indices need SALib; install the extra: pip install "walras[sensitivity]"'
        ) from None
    return analyze, sample
