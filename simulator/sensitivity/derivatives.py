r"""Derivatives of an equilibrium by every scalar parameter, by the implicit function theorem.

At a resting point the normal map :math:`\Phi(y, p) = 0` (:mod:`simulator.continuation.path`), so

.. math:: \frac{dy}{dp} = -\Phi_y^{-1} \Phi_p, \qquad \frac{dq}{dp} = q_y \frac{dy}{dp} + q_p,

with the market's own slopes of excess demand in :math:`\Phi_y` and no further round. To either side
of a parameter:

1. :math:`dy/dp` is worked out at the distances :math:`\epsilon` and :math:`2 \epsilon` from the
   point, in the cell that it leads into, and extrapolated to the point; so it is that side's where
   the point is at a kink: a limit that a quote is about to reach or leave, a constraint that is
   about to bind.
2. Quotes and read-outs change along :math:`y + h\, dy/dp`; their one-sided derivatives in h follow
   from their values at h = 0, :math:`\epsilon`, :math:`2 \epsilon`, up to :math:`\epsilon^2`.

Where both sides agree their mean is the derivative; where they do not there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.continuation.path import Lost, Path, PathPoint
from simulator.continuation.varied import Along, Varied, case_named, number_at
from simulator.declared import Declared
from simulator.names import counted
from simulator.parameters import Parameters
from simulator.point import at_rest
from simulator.report_folder import Found, records
from simulator.results import P
from simulator.threads import one_thread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DISTANCE = 1e-4
"""Distance from the parameter at which slopes are worked out, as a share of it."""

TURNS = 4
"""Times that the cell to one side is corrected before it counts as not found."""

AGREE, NOTHING = 1e-4, 1e-7
"""Difference of the derivatives to both sides, as a share of the larger one, up to which they are
one; and elasticity below which they need not agree."""


COLUMNS = [
    "parameter",
    "value",
    "output",
    "level",
    "derivative",
    "below",
    "above",
    "kink",
    "elasticity",
    "quote",
]


@dataclass(frozen=True)
class _Near(Along[P]):
    """An economy's equations by the distance of a parameter from its value, as a share of it."""

    value: float

    @property
    def scale(self) -> float:
        """What the distance is a share of: the value, or one if it is zero."""
        return abs(self.value) or 1.0

    def number(self, s: float) -> float:
        """The parameter."""
        return self.value + s * self.scale


@dataclass(frozen=True, repr=False)
class Sensitivities(Found[P]):
    """Derivatives of quotes and read-outs by parameters at one resting point.

    Attributes
    ----------
    scenario, parameters, seed, case, date
        Which resting point.
    table : pandas.DataFrame
        One row per parameter and output: ``parameter``, its ``value``, ``output``, its ``level``,
        ``derivative`` (empty at a kink), ``below`` and ``above`` (one-sided; empty where that side
        is not allowed or not found), ``kink``, ``elasticity`` (derivative times value over level),
        and ``quote``: whether the output is one.
    left_out : mapping
        Parameters that can't be moved alone, or at which nothing is found to either side, with the
        reason.
    """

    kind: ClassVar[str] = "sensitivities"
    case: str
    date: int
    table: pd.DataFrame
    left_out: Mapping[str, str]

    @property
    def keys(self) -> list[str]:
        """The parameters."""
        return list(dict.fromkeys(self.table["parameter"]))

    @property
    def kinks(self) -> list[str]:
        """Parameters at which some output has a kink."""
        return list(dict.fromkeys(self.table.loc[self.table["kink"], "parameter"]))

    @property
    def summary(self) -> str:
        """What was worked out, in a sentence."""
        kinks = f"; kinks in {', '.join(self.kinks)}" if self.kinks else ""
        return (
            f"derivatives at the resting point of {self.case}, date {self.date}, by"
            f" {counted(len(self.keys), 'parameter')}{kinks}"
        )

    def plot(self) -> dict[str, Figure]:
        """The bar chart, by name."""
        from simulator.sensitivity.figure import bars

        return {"sensitivities": bars(self)}

    @property
    def asked(self) -> Mapping[str, object]:
        """What was asked for beside parameters and seed."""
        return {"case": self.case, "date": self.date, "keys": self.keys}

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables by name."""
        return {"derivatives": self.table}

    def details(self) -> dict[str, Any]:
        """Derivatives and what was left out."""
        return {
            "case": self.case,
            "date": self.date,
            "left_out": dict(self.left_out),
            "sensitivities": records(self.table),
        }


@one_thread()
def sensitivities(
    scenario: Declared[P],
    parameters: P,
    *,
    keys: list[str] | None = None,
    case: str | None = None,
    date: int | None = None,
    seed: int = 0,
) -> Sensitivities[P]:
    """Derivatives of every quote and headline read-out at a resting point, see the module.

    Parameters
    ----------
    scenario, parameters, seed
        As for a run.
    keys : list of str, optional
        Numbers to vary, named as in :func:`simulator.continuation.varied.varied`; every number of
        the parameters that is not whole by its kind unless given.
    case : str, optional
        Name of the case; the first unless given.
    date : int, optional
        The date; the last one unless given. Dates before it are cleared by rounds.

    Raises
    ------
    Refused
        If a key or the case is unknown, orders come in steps of single traders, or depend on the
        rounds before.
    NotCleared
        If the date does not come to rest.
    """
    chosen = case_named(scenario, parameters, case)
    name, dates = chosen.name, len(chosen.announcements)
    last = dates if date is None else date
    if not 1 <= last <= dates:
        raise Refused(f"date is {last}; it must be a whole number from 1 to {dates}")
    keys = list(scalars(parameters)) if keys is None else keys
    coordinates: FloatArray | None = None
    rows: list[dict[str, object]] = []
    left_out: dict[str, str] = {}
    for key in keys:
        varied = Varied(scenario, parameters, key, name, seed, last)
        near = _Near(varied, number_at(parameters, key))
        if np.isnan(near.value):
            raise Refused(f"{key} is not given; give it a number to vary it from")
        if coordinates is None:
            varied.limits(near.value)
            coordinates = varied.rest(near.value)
        try:
            rows += _rows(near, coordinates)
        except Lost as lost:
            left_out[key] = str(lost)
        varied.close()
    table = pd.DataFrame(rows, columns=COLUMNS)
    return Sensitivities(scenario, parameters, seed, name, last, table, left_out)


def scalars(parameters: Parameters) -> Iterator[str]:
    """Names of all numbers among the parameters but whole ones and those of the rounds."""
    common = Parameters.model_fields
    for name, value in parameters.model_dump().items():
        if name not in common:
            yield from _leaves(name, value)


def _leaves(name: str, value: object) -> Iterator[str]:
    if isinstance(value, float):
        yield name
    elif isinstance(value, Mapping):
        for part, inner in value.items():
            yield from _leaves(f"{name}.{part}", inner)
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            yield from _leaves(f"{name}[{k}]", inner)


def _rows(near: _Near[P], coordinates: FloatArray) -> list[dict[str, object]]:
    """The rows of one parameter."""
    path = Path(near)
    point = path.start(coordinates, 0.0)
    here, quotes = _outputs(near, path, point)
    sides = {side: _one_sided(near, path, point, side, here) for side in (-1, 1)}
    rows: list[dict[str, object]] = []
    for name, level in here.items():
        below, above = (_at(sides[side], name) / near.scale + 0.0 for side in (-1, 1))
        allowed = [slope for side, slope in ((-1, below), (1, above)) if sides[side] is not None]
        apart = above - below if len(allowed) == 2 else 0.0
        by_share = near.scale / (abs(level) or 1.0)
        alike = abs(apart) <= AGREE * max(abs(below), abs(above)) or abs(apart) * by_share < NOTHING
        kink = not (alike and all(np.isfinite(allowed)))
        derivative = np.nan if kink or not allowed else float(np.mean(allowed))
        rows.append(
            dict(
                zip(
                    COLUMNS,
                    (
                        near.varied.key,
                        near.value,
                        name,
                        level,
                        derivative,
                        below,
                        above,
                        kink,
                        derivative * near.value / level if level else np.nan,
                        name in quotes,
                    ),
                    strict=True,
                )
            )
        )
    return rows


def _at(slopes: Mapping[str, float] | None, name: str) -> float:
    return np.nan if slopes is None else slopes.get(name, np.nan)


def _one_sided(
    near: _Near[P], path: Path, point: PathPoint, side: int, here: Mapping[str, float]
) -> dict[str, float] | None:
    """Derivatives of all outputs by s to one side.

    None where the parameter may not go there, empty where no equilibrium is found there.
    """
    try:
        first, second = (_slope(path, point, side * step * DISTANCE) for step in (1, 2))
        towards = 2.0 * first - second
        values = []
        for step in (1, 2):
            s = side * step * DISTANCE
            beside = replace(point, free=point.free + s * towards, s=s)
            moved = replace(beside, cell=_cell(path, beside))
            values.append(_outputs(near, path, moved)[0])
    except Refused:
        return None
    except Lost:
        return {}
    return {
        name: (4.0 * values[0][name] - values[1][name] - 3.0 * level) / (2.0 * side * DISTANCE)
        for name, level in here.items()
        if name in values[0] and name in values[1]
    }


def _slope(path: Path, point: PathPoint, s: float) -> FloatArray:
    """Derivative of y by s at a distance, in the cell that it leads into."""
    cell = point.cell
    towards: FloatArray = np.zeros_like(point.free)
    for _ in range(TURNS):
        beside = replace(point, free=point.free + s * towards, s=s, cell=cell)
        matrix = path.matrix(beside.free, s, cell)
        try:
            towards = np.asarray(np.linalg.solve(matrix[:, :-1], -matrix[:, -1]))
        except np.linalg.LinAlgError:
            raise Lost("slopes are singular") from None
        reached = replace(point, free=point.free + s * towards, s=s)
        cell = _cell(path, reached)
        if (cell == beside.cell).all() and (towards @ towards < np.inf):
            matrix = path.matrix(reached.free, s, cell)
            return np.asarray(np.linalg.solve(matrix[:, :-1], -matrix[:, -1]))
    raise Lost("no side of the limits is found")


def _cell(path: Path, point: PathPoint) -> Any:
    """The cell in which a point is, where limits are crossed by more than rounding."""
    crossed = path.crossed(point)
    limits = path.equations.limits(point.s)
    below = np.where(point.free < limits.lower, -1, np.where(point.free > limits.upper, 1, 0))
    return np.where(crossed, np.where(point.cell != 0, 0, below), point.cell).astype(np.int8)


def _outputs(
    near: _Near[P], path: Path, point: PathPoint
) -> tuple[dict[str, float], frozenset[str]]:
    """Quotes and headline read-outs at a point, and which are quotes."""
    varied = near.varied
    economy = varied.economy(near.number(point.s))
    economy.look(path.coordinates(point))
    economy.rest()
    parameters = varied.at(near.number(point.s))
    quotes = dict(economy.quotes)
    described = varied.scenario.describe(parameters, economy, at_rest(varied.case, economy))
    told = {
        name: float(value)
        for name, value in described.items()
        if name in varied.scenario.headline
        and name not in quotes
        and isinstance(value, float)
        and np.isfinite(value)
    }
    return quotes | told, frozenset(quotes)
