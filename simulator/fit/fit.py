r"""The simulated method of moments.

Observed moments :math:`\hat m \in \mathbb{R}^n` have simulated counterparts :math:`m(\theta)`,
:math:`\theta \in \mathbb{R}^k`, and standard errors :math:`\sigma`. With :math:`r_j =
(m_j(\theta) - \hat m_j) / \sigma_j` the estimate minimises :math:`Q(\theta) = \sum_j r_j^2` over a
box.

1. Points of a Latin hypercube, and from the best ``REFINED`` of them a trust-region method for
   least squares with bounds (SciPy's ``least_squares``), in units of the ranges.
2. With :math:`G = \partial r / \partial \theta` at the estimate, inside the box, weights are
   the best ones, and :math:`\operatorname{Var} \hat\theta \approx (G^\top G)^{-1}`. Where errors
   are not given they are taken to be equal, and their variance to be :math:`s^2 = Q / (n - k)`.
3. Over-identification: if the model is right and errors are given, :math:`Q(\hat\theta)` has a
   :math:`\chi^2` distribution with n - k degrees of freedom (Hansen's J).
4. Profile: Q with one parameter fixed, at the best values of the others. Values at which it exceeds
   the minimum by less than the 95% quantile of :math:`\chi^2_1` (times :math:`s^2`) can't be told
   from the estimate; if these reach an end of the range, the moments do not bound the parameter. A
   better point that the profile meets takes the place of the estimate.
5. Identification: the singular values of G. A direction along which :math:`\theta` may go from one
   end of its range to the other without moving r by one standard error is not identified.

Where a scenario draws at random, moments are averages over seeds, and the variance of an average
counts to that of the moment (McFadden, *Econometrica* 57, 1989).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import chi2, qmc

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.continuation.varied import number_at, varied
from simulator.declared import Declared
from simulator.fit.moments import Moment
from simulator.names import counted
from simulator.outcome import Outcome
from simulator.report_folder import Found, records
from simulator.results import P
from simulator.run import simulate
from simulator.stopping import INTERRUPTS
from simulator.threads import one_thread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Range = tuple[float, float]

REFINED = 3
"""Points of the hypercube from which the optimiser begins."""

FAR = 1e3
"""Standard errors by which every moment counts as missed where a run does not clear."""

STEP = 1e-4
"""Distance over which derivatives are taken, as a share of the range."""

SETTLED = 1e-8
"""Relative change at which the optimiser stops; runs clear to 1e-10."""

MOST_STEPS = 60
"""Steps of the optimiser from each beginning."""

PROFILE_POINTS, NEAR = 9, (-2.0, -1.0, 1.0, 2.0)
"""Values of each parameter at which the profile is worked out: over its range, and in standard
errors from the estimate."""

BETTER = 1e-4
"""Share by which a point of the profile must be better than the estimate to take its place."""

AT_AN_END = 1e-4
"""Distance from an end of the range, as a share of it, at which an estimate is there."""

WEAK = 1.0
"""Standard errors of the moments that a direction must move to count as identified."""

CONFIDENCE = 0.95

TABLES = ("estimates", "moments", "profile", "directions")
"""Tables of a fit."""

Progress = Callable[[int, float], None]
"""Called after every evaluation with their number and the lowest Q so far."""


@dataclass(frozen=True, repr=False)
class Fit(Found[P]):
    """An estimate, and how far it can be trusted.

    Attributes
    ----------
    scenario, parameters, seed
        What was fitted; ``parameters`` has the estimate.
    ranges : mapping
        The box.
    estimates : pandas.DataFrame
        One row per parameter: ``estimate``, ``standard_error`` (empty at an end of the range, or
        where a direction is not identified),
        ``low`` and ``high`` (the 95% interval by the profile), ``bounded`` (whether the moments
        bound it inside its range), ``at_an_end``.
    moments : pandas.DataFrame
        One row per moment: ``observed``, ``simulated``, ``error``, ``gap`` in standard errors.
    profile : pandas.DataFrame
        ``parameter``, ``value``, ``objective``.
    directions : pandas.DataFrame
        One row per singular value of G, in units of the ranges, with the weight of each parameter
        in its direction: by how many standard errors the moments move from end to end.
    objective, degrees : float, int
        Q at the estimate, and n - k.
    p_value : float
        Probability of a larger Q if the model is right; NaN where errors are not given or there
        are no more moments than parameters.
    evaluations, failures : int
        Parameters tried, and at how many of them a run did not clear.
    """

    kind: ClassVar[str] = "fit"
    ranges: Mapping[str, Range]
    estimates: pd.DataFrame
    moments: pd.DataFrame
    profile: pd.DataFrame
    directions: pd.DataFrame
    objective: float
    degrees: int
    p_value: float
    evaluations: int
    failures: int

    @property
    def identified(self) -> int:
        """In how many directions the moments move."""
        return int((self.directions["moves"] >= WEAK).sum())

    @property
    def summary(self) -> str:
        """What was found, in a sentence."""
        open_ended = list(self.estimates.loc[~self.estimates["bounded"], "parameter"])
        unbounded = f"; the moments do not bound {', '.join(open_ended)}" if open_ended else ""
        test = (
            "no test of over-identification"
            if np.isnan(self.p_value)
            else f"J = {self.objective:.3g} with {self.degrees} degrees of freedom,"
            f" p = {self.p_value:.3g}"
        )
        return (
            f"{counted(len(self.moments), 'moment')}, {counted(len(self.ranges), 'parameter')},"
            f" {counted(self.identified, 'direction')} identified; {test}{unbounded}"
        )

    def plot(self) -> dict[str, Figure]:
        """The figure, by name."""
        from simulator.fit.figure import fitted

        return {"fit": fitted(self)}

    @property
    def asked(self) -> Mapping[str, object]:
        """What was asked for beside parameters and seed."""
        return {"ranges": dict(self.ranges), "moments": records(self.moments)}

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    def details(self) -> dict[str, Any]:
        """Estimate, tests and tables."""
        return {
            "ranges": {key: list(ends) for key, ends in self.ranges.items()},
            "summary": self.summary,
            "objective": self.objective,
            "degrees": self.degrees,
            "p_value": None if np.isnan(self.p_value) else self.p_value,
            "evaluations": self.evaluations,
            "failures": self.failures,
            **{name: records(table) for name, table in self.tables.items()},
        }


@one_thread()
def fit(
    scenario: Declared[P],
    parameters: P,
    moments: Sequence[Moment],
    ranges: Mapping[str, Range],
    *,
    starts: int = 16,
    seeds: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> Fit[P]:
    """Find the parameters whose simulated moments are nearest to observed ones, see the module.

    Parameters
    ----------
    scenario, parameters
        As for a run; ``parameters`` are those that are not free.
    moments : sequence of Moment
        At least as many as parameters are free.
    ranges : mapping
        Lowest and highest value by free parameter, named as in
        :func:`simulator.continuation.varied.varied`.
    starts : int
        Points of the hypercube.
    seeds : int
        Runs from so many seeds, from ``seed`` on, of which moments are averages.
    seed : int
        The first seed, and that of the hypercube.
    progress : callable, optional
        Called after every evaluation.

    Raises
    ------
    Refused
        If a range is none, there are fewer moments than parameters, a moment names what a run does
        not have, or no point of the hypercube clears.
    """
    for key, (low, high) in ranges.items():
        number_at(parameters, key)
        if not low < high:
            raise Refused(f"{key} goes from {low!r} to {high!r}; it must go up")
    if len(moments) < len(ranges):
        raise Refused(
            f"{len(moments)} moments can't tell {len(ranges)} parameters apart; free fewer"
        )
    trials = _Trials(scenario, parameters, moments, ranges, seeds, seed, progress)
    try:
        return _nearest(trials, starts)
    except INTERRUPTS as stopped:
        if trials.known:
            stopped.add_note(trials.so_far)
        raise


def _nearest(trials: _Trials[P], starts: int) -> Fit[P]:
    """The estimate, and how far it can be trusted."""
    count, moments, seed = len(trials.ranges), trials.moments, trials.seed
    unit = qmc.LatinHypercube(count, rng=seed).random(starts)
    tried = sorted((trials.objective(point), k) for k, point in enumerate(unit))
    if tried[0][0] >= len(moments) * FAR**2:
        raise Refused(f"none of {starts} points of the ranges clears: {trials.why}")
    found = [trials.refined(unit[k], free=np.arange(count)) for _, k in tried[:REFINED]]
    best = min(found, key=trials.objective)
    while True:
        profile, intervals, lowest = _profile(trials, best)
        if trials.objective(lowest) >= (1.0 - BETTER) * trials.objective(best):
            return _result(trials, best, profile, intervals)
        best = trials.refined(lowest, np.arange(count))


@dataclass
class _Trials(Generic[P]):
    """Residuals by parameters in units of their ranges, each worked out once."""

    scenario: Declared[P]
    parameters: P
    moments: Sequence[Moment]
    ranges: Mapping[str, Range]
    seeds: int
    seed: int
    progress: Progress | None
    known: dict[bytes, tuple[FloatArray, FloatArray]] = field(default_factory=dict, init=False)
    failures: int = 0
    lowest: float = np.inf
    why: str = ""

    @property
    def errors_given(self) -> bool:
        """Whether observations come with standard errors."""
        return bool(np.isfinite(self.moments[0].error))

    @property
    def so_far(self) -> str:
        """The best parameters so far, in words."""
        best = min((np.frombuffer(at) for at in self.known), key=self.objective)
        named = ", ".join(f"{key} = {value:.9g}" for key, value in self.values(best).items())
        tried = counted(len(self.known), "evaluation")
        return f"the best of {tried} so far is {named}, objective {self.objective(best):.4g}"

    def values(self, unit: FloatArray) -> dict[str, float]:
        """Parameters from their places in the ranges."""
        return {
            key: low + float(place) * (high - low)
            for place, (key, (low, high)) in zip(unit, self.ranges.items(), strict=True)
        }

    def simulated(self, unit: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Simulated moments and their standard errors from drawing; NaN where a run fails."""
        at = np.asarray(unit, dtype=np.float64).tobytes()
        if at not in self.known:
            self.known[at] = self._simulate(unit)
            failed = not np.isfinite(self.known[at][0]).all()
            self.failures += failed
            self.lowest = min(self.lowest, self.objective(unit))
            if self.progress is not None:
                self.progress(len(self.known), self.lowest)
        return self.known[at]

    def residuals(self, unit: FloatArray) -> FloatArray:
        """r, shape (moments,)."""
        simulated, drawn = self.simulated(unit)
        if not np.isfinite(simulated).all():
            return np.full(len(self.moments), FAR)
        observed = np.array([moment.observed for moment in self.moments])
        return np.asarray((simulated - observed) / self.errors(drawn))

    def errors(self, drawn: FloatArray) -> FloatArray:
        """Standard errors of the moments, of observing and of drawing together."""
        given = np.array([moment.error for moment in self.moments])
        return np.asarray(np.hypot(np.where(np.isfinite(given), given, 1.0), drawn))

    def objective(self, unit: FloatArray) -> float:
        """Q."""
        residuals = self.residuals(unit)
        return float(residuals @ residuals)

    def refined(self, unit: FloatArray, free: NDArray[np.intp]) -> FloatArray:
        """The nearest minimum over some of the parameters, in units of the ranges."""

        def whole(part: FloatArray) -> FloatArray:
            every = unit.copy()
            every[free] = part
            return every

        def residuals(part: FloatArray) -> FloatArray:
            return self.residuals(whole(part))

        def slopes(part: FloatArray) -> FloatArray:
            return self.slopes(whole(part), free)

        begin = np.clip(unit[free], STEP, 1.0 - STEP)
        if not slopes(begin).any():  # no moment moves: there is nowhere to go
            return unit
        found = least_squares(
            residuals,
            begin,
            jac=slopes,
            bounds=(0.0, 1.0),
            method="dogbox",
            xtol=SETTLED,
            ftol=SETTLED,
            gtol=None,
            max_nfev=MOST_STEPS,
        )
        return whole(found.x)

    def slopes(self, unit: FloatArray, free: NDArray[np.intp]) -> FloatArray:
        """Derivatives of r by some places in the ranges, to the inside at an end; (moments, k)."""
        columns = []
        for k in free:
            low, high = unit.copy(), unit.copy()
            low[k], high[k] = max(unit[k] - STEP, 0.0), min(unit[k] + STEP, 1.0)
            columns.append((self.residuals(high) - self.residuals(low)) / (high[k] - low[k]))
        return np.column_stack(columns)

    def _simulate(self, unit: FloatArray) -> tuple[FloatArray, FloatArray]:
        nothing = np.full(len(self.moments), np.nan)
        rows = []
        try:
            parameters = varied(self.parameters, self.values(unit))
        except Refused as refused:
            self.why = str(refused)
            return nothing, nothing
        for seed in range(self.seed, self.seed + self.seeds):
            run = simulate(self.scenario, parameters, seed=seed, studies=False)
            if run.error is not None:
                raise run.error
            if run.outcome is not Outcome.CLEARED:
                self.why = f"{run.outcome}: {run.reason}"
                return nothing, nothing
            rows.append([moment.simulated(run.ends) for moment in self.moments])
        table = np.array(rows)
        drawn = table.std(axis=0, ddof=1) / np.sqrt(self.seeds) if self.seeds > 1 else 0.0
        return table.mean(axis=0), np.broadcast_to(drawn, nothing.shape)


def _profile(
    trials: _Trials[P], best: FloatArray
) -> tuple[pd.DataFrame, dict[str, tuple[float, float]], FloatArray]:
    """Q by each parameter, the values that can't be told from the estimate, and the best met."""
    found = best
    lowest, errors = trials.objective(best), _errors(trials, best)
    allowed = lowest + float(chi2.ppf(CONFIDENCE, 1)) * _variance(trials, lowest)
    rows: list[dict[str, object]] = []
    intervals: dict[str, tuple[float, float]] = {}
    for k, key in enumerate(trials.ranges):
        others = np.delete(np.arange(best.size), k)
        near = best[k] + errors[k] * np.array(NEAR)
        near = near[(near > 0.0) & (near < 1.0)]
        places = np.unique(np.append(np.linspace(0.0, 1.0, PROFILE_POINTS), near))
        # outwards from the estimate, each from the best values beside it
        above = sorted(place for place in places if place > best[k])
        below = sorted((place for place in places if place < best[k]), reverse=True)
        curve = [(float(best[k]), lowest)]
        for side in (above, below):
            beside = best
            for place in side:
                beside = beside.copy()
                beside[k] = place
                if others.size:
                    beside = trials.refined(beside, others)
                curve.append((float(place), trials.objective(beside)))
                found = min(found, beside, key=trials.objective)
        curve.sort()
        intervals[key] = _below(curve, allowed, float(best[k]))
        low, high = trials.ranges[key]
        rows += [
            {"parameter": key, "value": low + place * (high - low), "objective": value}
            for place, value in curve
        ]
    return pd.DataFrame(rows), intervals, found


def _errors(trials: _Trials[P], best: FloatArray) -> FloatArray:
    """Standard errors of the places in the ranges; NaN unless all directions are identified."""
    slopes = trials.slopes(best, np.arange(best.size))
    slopes /= np.sqrt(_variance(trials, trials.objective(best))) or 1.0
    moves, directions = np.linalg.svd(slopes, full_matrices=False)[1:]
    if (moves < WEAK).any():
        return np.full(best.size, np.nan)
    return np.asarray(np.sqrt(np.sum((directions / moves[:, None]) ** 2, axis=0)))


def _below(
    curve: Sequence[tuple[float, float]], allowed: float, best: float
) -> tuple[float, float]:
    """Where a profile around its minimum is below a height.

    Between its points its root is linear: a parabola's is.
    """
    places, values = (np.array(column) for column in zip(*curve, strict=True))
    middle = int(np.argmin(np.abs(places - best)))
    lowest = values.min()
    ends = []
    for step in (-1, 1):
        k = middle
        while 0 <= k + step < len(places) and values[k + step] <= allowed:
            k += step
        if not 0 <= k + step < len(places):
            ends.append(float(places[k]))
            continue
        here, there, edge = np.sqrt(np.array([values[k], values[k + step], allowed]) - lowest)
        share = (edge - here) / (there - here)
        ends.append(float(places[k] + share * (places[k + step] - places[k])))
    return ends[0], ends[1]


def _variance(trials: _Trials[P], objective: float) -> float:
    """Variance of a residual: one where errors are given, else the mean square."""
    degrees = len(trials.moments) - len(trials.ranges)
    return 1.0 if trials.errors_given or degrees == 0 else objective / degrees


def _result(
    trials: _Trials[P],
    best: FloatArray,
    profile: pd.DataFrame,
    intervals: Mapping[str, tuple[float, float]],
) -> Fit[P]:
    """Gather the estimate, its errors, and the tests."""
    keys, objective = list(trials.ranges), trials.objective(best)
    degrees = len(trials.moments) - len(keys)
    spread = float(np.sqrt(_variance(trials, objective))) or 1.0
    slopes = trials.slopes(best, np.arange(best.size)) / spread
    _, moves, directions = np.linalg.svd(slopes, full_matrices=False)
    errors = _errors(trials, best)
    rows = []
    for k, key in enumerate(keys):
        low, high = trials.ranges[key]
        ends = intervals[key]
        at_an_end = bool(min(best[k], 1.0 - best[k]) <= AT_AN_END)
        rows.append(
            {
                "parameter": key,
                "estimate": trials.values(best)[key],
                "standard_error": np.nan if at_an_end else float(errors[k]) * (high - low),
                "low": low + ends[0] * (high - low),
                "high": low + ends[1] * (high - low),
                "bounded": ends[0] > 0.0 and ends[1] < 1.0,
                "at_an_end": at_an_end,
            }
        )
    simulated, drawn = trials.simulated(best)
    table = pd.DataFrame(
        {
            "moment": [moment.name for moment in trials.moments],
            "observed": [moment.observed for moment in trials.moments],
            "simulated": simulated,
            "error": trials.errors(drawn) if trials.errors_given else np.nan,
            "gap": trials.residuals(best) / spread,
        }
    )
    tested = trials.errors_given and degrees > 0
    return Fit(
        scenario=trials.scenario,
        parameters=varied(trials.parameters, trials.values(best)),
        seed=trials.seed,
        ranges=dict(trials.ranges),
        estimates=pd.DataFrame(rows),
        moments=table,
        profile=profile,
        directions=pd.DataFrame(
            [
                {"moves": size, **dict(zip(keys, row, strict=True))}
                for size, row in zip(moves, directions, strict=True)
            ]
        ),
        objective=objective,
        degrees=degrees,
        p_value=float(chi2.sf(objective, degrees)) if tested else np.nan,
        evaluations=len(trials.known),
        failures=trials.failures,
    )
