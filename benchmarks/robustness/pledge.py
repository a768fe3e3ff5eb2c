"""Random economies of pledgeable securities; ranges and an independent recomputation.

All of them should clear: a log price exists in every state. Where orders are bounded (limits
imposed, or exact power utility) it does as long as noise traders buy and sell less than investors
have, to which the draw keeps. It keeps log prices within a million, too: the belief, which is right
only for orders without bounds, must not make the price all but the only thing investors look at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from benchmarks.robustness.drawn import Drawn
from simulator.parameters import Parameters
from simulator.run import Run

FloatArray = NDArray[np.float64]

RANGES: Mapping[str, str] = {
    "value_precision": ".01 to 10000",
    "signal_precision": ".0001 to 10000",
    "noise_precision": ".01 to 10000; less with bounded orders and a telling price",
    "risk_aversion": "1.001 to 101",
    "wealth": ".0001 to 10000 securities",
    "spot_share": ".02 to .98",
    "haircut": "from .01% to 99.99% of the way from 1 - spot_share to 1",
    "repo_rate": "0, .00001 to 10, or such that the repo market clears",
    "mean_value": ".00001 to 100000",
    "mean_noise": ".001 to 1000",
    "belief": "any of the three, with investors who reason; or the one that is an equilibrium",
    "demand": "log-linear, as printed, or exact (then noise within what investors have)",
    "limits": "ignored, or imposed (then noise within what investors have)",
    "population": "individuals or continuum",
    "investors": "10 to 300",
    "margin": "flat, value-at-risk, or lender with any of its four cases",
    "haircuts": "1 to 5 securities (pledgeable-securities)",
}
"""Range of each parameter."""

SAMPLE = 4
"""Investors whose exact optimum is looked for by an adaptive integral and a bounded search."""

TELLING = 100.0
"""Largest precision of the price over that of a private signal where orders are bounded."""

WITHIN = 0.7
"""Share of what investors could sell, or buy, that bounded orders are made to meet at most."""


def draw(rng: np.random.Generator) -> Drawn:
    """One economy, far out in every parameter."""
    share = _uniform(rng, 0.02, 0.98)
    drawn: dict[str, Any] = {
        "value_precision": _spread(rng, 1e-2, 1e4),
        "signal_precision": _spread(rng, 1e-4, 1e4),
        "noise_precision": _spread(rng, 1e-2, 1e4),
        "risk_aversion": 1.0 + _spread(rng, 1e-3, 1e2),
        "wealth": _spread(rng, 1e-4, 1e4),
        "spot_share": share,
        "repo_rate": rng.choice([0.0, _spread(rng, 1e-5, 10.0)]).item(),
        "mean_value": _spread(rng, 1e-5, 1e5),
        "mean_noise": _spread(rng, 1e-3, 1e3),
        "investors": int(rng.integers(10, 301)),
        "population": str(rng.choice(["individuals", "continuum"])),
        "days": int(rng.integers(1, 4)),
    }
    if rng.random() < 0.25:
        several = [_haircut(rng, share) for _ in range(int(rng.integers(1, 6)))]
        payoffs = str(rng.choice(["same", "independent"]))
        return Drawn(
            "pledgeable-securities",
            {**drawn, "haircuts": several, "payoffs": payoffs, "belief": "corrected"},
        )
    drawn["haircut"] = _haircut(rng, share)
    kind = str(rng.choice(["plain", "clears", "value-at-risk", "lender", "imposed", "exact"]))
    drawn["demand"] = "exact" if kind == "exact" else str(rng.choice(["log-linear", "paper"]))
    if kind == "clears":
        drawn["repo_rate"] = "clears"
    if kind == "value-at-risk":
        confidence = 1.0 - _uniform(rng, 0.05, 0.49)
        drawn |= {"margin": {"rule": kind, "confidence": confidence}, "days": 12}
    if kind == "lender":
        drawn |= {
            "margin_rule": kind,
            "tail": _uniform(rng, 0.01, 0.99),
            "covered": str(rng.choice(["principal", "repayment"])),
            "tolerated_loss": rng.choice([0.0, _spread(rng, 1e-4, 1.0)]).item(),
        }
        if rng.random() < 0.5:
            drawn["repo_rate"] = "clears"
    noise = _met(rng, drawn, kind) if kind in ("imposed", "exact") else None
    if noise is not None:
        drawn |= {"learning": "none", "log_noise": noise}
        vaguer = drawn["noise_precision"] / max(_telling(drawn) / TELLING, 1.0)
        drawn["noise_precision"] = max(vaguer, 1e-6)
        drawn["belief"] = "printed-noise" if drawn["demand"] == "paper" else "corrected"
        if kind == "imposed":
            drawn["limits"] = kind
    elif rng.random() < 0.5:
        belief = rng.choice(["printed", "printed-noise", "corrected"])
        drawn |= {"learning": "reasoning", "belief": str(belief)}
    else:
        right = "printed-noise" if drawn["demand"] == "paper" else "corrected"
        drawn |= {"learning": "none", "belief": right}
    return Drawn("pledgeability", drawn)


def gaps(parameters: Parameters, results: Run[Any]) -> Mapping[str, float]:
    """How far each condition of the last day is missed, as shares; 0 is exact.

    Unlike the certificate this takes the best order from the vertex of the parabola (or a bounded
    search over an adaptive integral), the call from the error function, and right forecasts from
    the covariances of what is observed, with a price function found from clearing in four states.
    """
    agents, quotes = results.agents, results.quotes(len(results.points) - 1)
    prices = [value for name, value in quotes.items() if name.startswith("log_price")]
    given: Any = parameters
    rate = quotes.get("repo_rate", given.repo_rate)
    days = [
        _Security(given, rate, price, agents[agents["security"] == number], "repo_rate" in quotes)
        for number, price in enumerate(prices)
    ]
    bounded = getattr(given, "limits", "ignored") == "imposed" or _exact(given)
    found = {
        "clearing": max(day.excess() for day in days),
        "best orders": max(day.forgone() for day in days),
    }
    if "repo_rate" in quotes:
        found["repo clearing"] = max(day.repo_excess() for day in days)
    if not bounded:
        found["right forecasts"] = max(day.misjudged() for day in days)
    return found


class _Security:
    """One security on the last day, from the exported table."""

    def __init__(
        self, given: Any, rate: float, log_price: float, rows: pd.DataFrame, quoted: bool
    ) -> None:
        self.given, self.log_price, self.quoted, self.rate = given, log_price, quoted, rate
        self.noise = rows[rows["role"] == "noise"].iloc[0]
        self.rows = rows[rows["role"] != "noise"]
        self.haircut = float(self.noise["haircut"])
        gain = _pledge_gain(self.haircut, rate, given.value_precision)
        self.worth = math.log1p(max(gain / self.haircut, -1.0 + 1e-15))
        self.open = gain > 1e-250 or (quoted and bool(self.rows["pledged"].any()))
        if quoted and not self.rows["pledged"].any():
            self.open = False
        self.pledge = self.worth if self.open else 0.0
        self.repo = (self.rows["role"] == "repo").to_numpy() & self.open
        self.wealth = given.wealth * self.rows["mass"].to_numpy()

    def excess(self) -> float:
        orders = [*self.rows["order"], self.noise["order"]]
        return abs(math.fsum(orders)) / max(math.fsum(map(abs, orders)), 1e-300)

    def repo_excess(self) -> float:
        if not self.open:
            return float(self.noise["order"] < 0.0 or self.worth > 1e-9)
        pledged = [*self.rows["pledged"], self.noise["pledged"]]
        share = math.fsum(pledged) / max(math.fsum(map(abs, pledged)), 1e-300)
        return max(share, 0.0) if self.rate == 0.0 else abs(share)

    def shares(self) -> FloatArray:
        """What is turned over as a share of wealth: y = (pledged + sold) / wealth."""
        order, pledged = self.rows["order"].to_numpy(), self.rows["pledged"].to_numpy()
        bought = pledged * (1.0 - self.haircut) / self.haircut
        sold = np.where(self.repo, bought - order, -order)
        if self.open and self.worth > 1e-9:
            sold = np.where(self.repo, 0.0, sold)
            pledged = np.where(self.repo, order * self.haircut / (1.0 - self.haircut), pledged)
        return np.asarray((pledged + sold) / self.wealth)

    def premium(self) -> FloatArray:
        """Expected log return over cash, or over what a pledge is worth."""
        rows = self.rows
        expected = rows["forecast_constant"] + rows["forecast_on_pledge"] * self.pledge
        expected += rows["forecast_on_signal"] * rows["log_signal"]
        expected -= (1.0 - rows["forecast_on_price"]) * self.log_price
        return expected.to_numpy() - np.where(self.repo, self.pledge, 0.0)

    def forgone(self) -> float:
        """Utility forgone: the vertex of the parabola, or the best that a search finds."""
        gamma = self.given.risk_aversion
        shares, premium = self.shares(), self.premium()
        variance = self.rows["forecast_variance"].to_numpy()
        if _exact(self.given):
            spread = np.linspace(0, len(shares) - 1, SAMPLE).astype(int)
            parts = zip(shares[spread], premium[spread], variance[spread], strict=True)
            return max(_exact_loss(float(y), float(m), float(v), gamma) for y, m, v in parts)
        # d/dy of (1/2 - y) m + (1/2 - y)(1/2 + y) V/2 + (1 - gamma)(1/2 - y)^2 V/2
        slope = -premium - gamma * variance * shares + 0.5 * (gamma - 1.0) * variance
        if getattr(self.given, "limits", "ignored") == "imposed":
            lowest = np.where(self.repo, -0.5 * self.haircut / (1.0 - self.haircut), -0.5)
            slope = np.where((shares >= 0.5 - 1e-9) & (slope > 0.0), 0.0, slope)
            slope = np.where((shares <= lowest + 1e-9) & (slope < 0.0), 0.0, slope)
        size = np.maximum(1.0, gamma * variance * shares**2)
        return float(np.max(slope**2 / (2.0 * gamma * variance) / size))

    def misjudged(self) -> float:
        """Distance of the forecast from the conditional mean, in its standard deviations."""
        p = self.given
        mean_v = math.log(p.mean_value) - 0.5 / p.value_precision
        mean_u = math.log(p.mean_noise) - 0.5 / p.noise_precision
        base = self.price_in(mean_v, mean_u)
        by_value = self.price_in(mean_v + 1.0, mean_u) - base
        by_noise = self.price_in(mean_v, mean_u + 1.0) - base
        first = self.rows.iloc[0]
        used = np.array([first["forecast_on_signal"], first["forecast_on_price"]])
        mean_s = mean_v - 0.5 / p.signal_precision
        level = first["forecast_constant"] + first["forecast_on_pledge"] * self.pledge
        centre = level + used @ np.array([mean_s, base])
        if getattr(p, "demand", "log-linear") == "paper":
            ratio = by_noise / by_value
            public = p.noise_precision / ratio**2
            private = p.value_precision + p.signal_precision
            total = p.value_precision + private + public
            right = np.array([private / total, public / (total * by_value)])
            # its means are biased: ln s by 1/(2 tau_eps), ln theta by its own half variance
            mean_theta = (
                mean_v
                + ratio * (mean_u - math.log(p.mean_noise))
                - 0.5 * ratio * (ratio - 1.0) / p.noise_precision
            )
            aim = (p.value_precision * mean_v + private * mean_s + public * mean_theta) / total
            scale = math.sqrt(p.value_precision)
        else:
            value, error = 1.0 / p.value_precision, 1.0 / p.signal_precision
            # observe the signal and the price in the units of the value
            ratio = by_noise / by_value
            own = np.array([[value + error, value], [value, value + ratio**2 / p.noise_precision]])
            weights = np.linalg.solve(own, np.array([value, value]))
            right, aim = weights * np.array([1.0, 1.0 / by_value]), mean_v
            scale = math.sqrt(p.value_precision + p.signal_precision + p.noise_precision / ratio**2)
        gap = right - used
        spread = math.hypot(
            (gap[0] + gap[1] * by_value) / math.sqrt(p.value_precision),
            gap[0] / math.sqrt(p.signal_precision),
            gap[1] * by_noise / math.sqrt(p.noise_precision),
        )
        # an error of the weights feeds back on the price function from which it is measured
        feedback = 1.0 + p.noise_precision / (ratio**2 * p.signal_precision)
        return float(math.hypot(aim - centre, spread) * scale / feedback)

    def price_in(self, log_value: float, log_noise: float) -> float:
        """Log price that clears among these investors, without errors of signals, in a state."""
        p, first = self.given, self.rows.iloc[0]
        bend = p.risk_aversion * first["forecast_variance"]
        signal = log_value - 0.5 / p.signal_precision
        level = first["forecast_constant"] + first["forecast_on_signal"] * signal
        level += first["forecast_on_pledge"] * self.pledge
        spot = p.spot_share if self.open else 1.0
        repo = (1.0 - spot) * (1.0 - self.haircut) / self.haircut
        half = 0.5 - 0.5 / p.risk_aversion
        # ln u / w + repo y^R - spot y^S = 0 with y = half + ((1 - g) x - level + pledge) / bend
        net = spot - repo
        level += bend * (log_noise / p.wealth + repo * self.pledge / bend - net * half) / net
        return float(level / (1.0 - first["forecast_on_price"]))


def _exact(given: Any) -> bool:
    return getattr(given, "demand", "log-linear") == "exact"


def _exact_loss(share: float, mean: float, variance: float, gamma: float) -> float:
    """Log certainty-equivalent wealth below the best that a bounded search finds."""
    sigma = math.sqrt(variance)

    def tilted(error: FloatArray, kept: float) -> FloatArray:
        cash = -math.inf if kept >= 1.0 else math.log1p(-kept)
        held = -math.inf if kept <= 0.0 else math.log(kept)
        wealth = np.logaddexp(cash, held + mean + sigma * error)
        return np.asarray((1.0 - gamma) * wealth - 0.5 * error**2)

    def loss(kept: float) -> float:
        # the integrand's one peak first, then a fine grid about it
        coarse = np.linspace(-9.0 - gamma * sigma, 9.0 + sigma, 4001)
        middle = coarse[np.argmax(tilted(coarse, kept))]
        reach = 9.0 + coarse[1] - coarse[0]
        error = np.linspace(middle - reach, middle + reach, 4001)
        exponent = tilted(error, kept)
        top = float(np.max(exponent))
        total = float(np.sum(np.exp(exponent - top))) * (error[1] - error[0])
        return (top + math.log(total)) / (gamma - 1.0)

    kept = 0.5 - share
    if not -1e-12 <= kept <= 1.0 + 1e-12:
        return math.inf
    kept = min(max(kept, 0.0), 1.0)
    found = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    return max(loss(kept) - min(float(found.fun), loss(0.0), loss(1.0)), 0.0)


def _pledge_gain(haircut: float, rate: float, precision: float) -> float:
    """Chi - h by the complementary error function, from the put or, at high strikes, the call."""
    sigma = precision**-0.5
    strike = (1.0 - haircut) * (1.0 + rate)
    d1 = -math.log(strike) / sigma + 0.5 * sigma
    d2 = d1 - sigma

    def below(place: float) -> float:
        return 0.5 * math.erfc(-place / math.sqrt(2.0))

    if strike > 1.0:
        return below(d1) - strike * below(d2) - haircut
    put = max(strike * below(-d2) - below(-d1), 0.0)
    return put - (1.0 - haircut) * rate


def _telling(drawn: Mapping[str, Any]) -> float:
    """Precision of the price as a signal over that of a private one, if orders had no bounds."""
    room = drawn["spot_share"] - (1.0 - drawn["haircut"])
    noise = drawn["haircut"] * drawn["risk_aversion"]
    noise /= drawn["wealth"] * drawn["signal_precision"] * room
    return float(drawn["noise_precision"] / noise**2 / drawn["signal_precision"])


def _met(rng: np.random.Generator, drawn: Mapping[str, Any], kind: str) -> float | None:
    """A noise demand that bounded orders can meet; None if there is none.

    At the highest prices all sell, or pledge, half of their wealth. At the lowest ones all buy as
    much spot; in repo they lend half of it, or, within limits, against what they own.
    """
    wealth, share, haircut = drawn["wealth"], drawn["spot_share"], drawn["haircut"]
    sold = bought = 0.5 * wealth
    if _pledge_gain(haircut, drawn["repo_rate"], drawn["value_precision"]) > 1e-250:
        sold = bought = 0.5 * wealth * (share - (1.0 - haircut)) / haircut
        if kind == "imposed":
            bought = 0.5 * wealth * (2.0 * share - 1.0)
    if sold + bought <= 0.0:
        return None
    middle, reach = 0.5 * (sold - bought), 0.5 * WITHIN * (sold + bought)
    return _uniform(rng, middle - reach, middle + reach)


def _haircut(rng: np.random.Generator, share: float) -> float:
    return 1.0 - share + share * _uniform(rng, 1e-4, 1.0 - 1e-4)


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _spread(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))
