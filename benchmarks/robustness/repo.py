"""Random economies of ``margin-hike``; ranges and an independent recomputation.

The certificate gives every trader's linear program to HiGHS. Here the optimum is a formula: with
linear utility a trader is long, short or neither with all that margin and solvency allow it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.robustness.drawn import Drawn
from scenarios.repo.economy import MarginHike
from simulator.run import Run

Array = NDArray[np.float64]

LEAST_UNIT = 1e-3
"""Share of gross positions by which a trader's accounts are measured at least, as its wealth is
otherwise: positions a million times wealth are not known better in double precision."""

RANGES: Mapping[str, str] = {
    "market": "short or long",
    "haircuts": "one or two of: 0; log-uniform from 1e-8 to 0.5; uniform from 0 to 1; 1 - x with x"
    " log-uniform from 1e-8 to 0.1",
    "low_payoff": "0 for one in four; otherwise log-uniform from 0.01 to 10",
    "high_payoff": "low_payoff plus log-uniform from 0.01 to 10",
    "reuse": "false for one in three",
    "beliefs": "uniform; beta(a, b), a and b log-uniform from 0.5 to 20 (with less, the"
    " few who are short at a large haircut are nearer to certainty than double precision can"
    " tell); or listed, with ties",
    "cash, securities": "a number log-uniform from 0.01 to 100, or one of these for each trader and"
    " 0 for one in four; cash 0 for all in one of eight",
    "income_up, income_down": "as preset; 0; log-uniform from 0.01 to 10,000; or one of these for"
    " each trader and 0 for one in four",
    "traders": "2; 3; 4 to 30; log-uniform from 30 to 20,000",
    "population": "individuals or continuum",
    "start": "primitives, or random for one in three",
}


def draw(rng: np.random.Generator) -> Drawn:
    """An economy of ``margin-hike``, far out in every parameter."""
    kind = rng.integers(4)
    traders = int((2, 3, rng.integers(4, 31), np.exp(rng.uniform(np.log(30.0), np.log(2e4))))[kind])
    low = 0.0 if rng.random() < 0.25 else _log_uniform(rng, 0.01, 10.0)
    continuum = bool(rng.random() < 0.5)
    parameters: dict[str, object] = {
        "market": str(rng.choice(["short", "long"])),
        "haircuts": [_haircut(rng) for _ in range(int(rng.integers(1, 3)))],
        "low_payoff": low,
        "high_payoff": low + _log_uniform(rng, 0.01, 10.0),
        "reuse": bool(rng.random() >= 1.0 / 3.0),
        "beliefs": _beliefs(rng, traders, ties=not continuum),
        "securities": _amount(rng, traders, 0.01, 100.0),
        "cash": 0.0 if rng.random() < 0.125 else _amount(rng, traders, 0.01, 100.0),
        "traders": traders,
        "population": "continuum" if continuum else "individuals",
        "start": "random" if rng.random() < 1.0 / 3.0 else "primitives",
    }
    for name in ("income_up", "income_down"):
        preset, nothing = rng.random(2) < (0.3, 0.3)
        if not preset:
            parameters[name] = 0.0 if nothing else _amount(rng, traders, 0.01, 1e4)
    return Drawn("margin-hike", parameters)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _haircut(rng: np.random.Generator) -> float:
    kind = rng.integers(8)
    if kind == 0:
        return 0.0
    if kind <= 3:
        return _log_uniform(rng, 1e-8, 0.5)
    if kind <= 5:
        return float(rng.uniform())
    return 1.0 - _log_uniform(rng, 1e-8, 0.1)


def _beliefs(rng: np.random.Generator, traders: int, *, ties: bool) -> str | list[float]:
    kind = rng.integers(3)
    if kind == 0:
        return "uniform"
    if kind == 1:
        first, second = (_log_uniform(rng, 0.5, 20.0) for _ in range(2))
        return f"beta({first:.6g}, {second:.6g})"
    listed = rng.uniform(0.001, 0.999, traders)
    if ties and rng.random() < 0.5:
        listed = np.round(listed, 1).clip(0.1, 0.9)
    return [float(belief) for belief in listed]


def _amount(rng: np.random.Generator, traders: int, low: float, high: float) -> float | list[float]:
    if rng.random() < 0.5:
        return _log_uniform(rng, low, high)
    each = np.exp(rng.uniform(np.log(low), np.log(high), traders))
    each[rng.random(traders) < 0.25] = 0.0
    each[rng.integers(traders)] = high  # somebody has some
    return [float(amount) for amount in each]


def gaps(parameters: MarginHike, results: Run[MarginHike]) -> Mapping[str, float]:
    """How far every condition of the equilibrium is missed, as shares; the worst date of each.

    1. The three markets, from the table of holdings.
    2. Every trader's constraints, and the largest gain that a formula says it could have.
    3. The repo rate is not above zero.
    """
    worst: dict[str, float] = {}
    for row in range(len(results.dates)):
        date = int(results.dates["date"].iloc[row])
        agents = results.agents[results.agents["date"] == date]
        haircut = parameters.haircuts[date - 1]
        for name, gap in _gaps(parameters, haircut, results.quotes(row), agents).items():
            worst[name] = max(worst.get(name, 0.0), gap) if np.isfinite(gap) else np.inf
    return worst or {"holdings": np.inf}


def _gaps(
    parameters: MarginHike, haircut: float, quotes: Mapping[str, float], agents: pd.DataFrame
) -> dict[str, float]:
    price, rate = quotes["security_price"], quotes["repo_rate"]
    low, high = parameters.low_payoff, parameters.high_payoff
    loan, back = 1.0 - haircut, 1.0 + rate
    column = {name: agents[name].to_numpy(np.float64) for name in agents.columns[4:]}
    weight, belief, up, down = (
        column[name] for name in ("weight", "belief", "income_up", "income_down")
    )
    cash, held = column["cash"], column["security"]
    lent, pledged = column["repo_lending"], column["repo_borrowing"]
    wealth = column["endowed_cash"] + price * column["endowed_securities"]
    gross = np.abs(cash) + price * (np.abs(held) + np.abs(lent) + np.abs(pledged))

    # what each could gain over its wealth, by going all the way long or short
    long_price, short_price = price * (1.0 + rate * loan), price * (1.0 + rate * (2.0 - loan))
    expected = low + (1.0 - belief) * (high - low)
    most = _over(wealth, price * haircut)
    longs = np.minimum(most, _over(up + wealth, long_price - low))
    shorts = np.minimum(most, _over(down + wealth, high - short_price))
    gain = np.maximum(_times(longs, expected - long_price), 0.0)
    if parameters.reuse:
        gain = np.maximum(gain, _times(shorts, short_price - expected))
    net = (2.0 - loan) * lent - loan * pledged
    reached = (cash - wealth) + back * price * net + held * expected
    unit = np.maximum(wealth, LEAST_UNIT * gross)
    unit = np.where(unit > 0.0, unit, 1.0)

    later = cash + back * price * net
    box = (held + (lent - pledged)) if parameters.reuse else held - pledged
    spent = cash + price * (held + net) - wealth
    broken = np.maximum.reduce(
        [np.abs(spent), -price * box, -cash, -price * lent, -price * pledged,
         -(up + later + held * low), -(down + later + held * high)]
    )  # fmt: skip
    supply = float(weight @ column["endowed_securities"])
    positions = float(weight @ np.abs(held)) + supply
    endowed = float(weight @ column["endowed_cash"])
    return {
        "security market": abs(float(weight @ held) - supply) / positions,
        "cash market": abs(float(weight @ cash) - endowed) / (endowed + price * positions),
        "repo market": abs(float(weight @ net)) / positions,
        "optimality": float(np.max((gain - reached) / unit)),
        "constraints": float(np.max(broken / unit)),
        "repo rate": max(rate, 0.0),
    }


def _over(amount: Array, each: float) -> Array:
    """What an amount carries of something; without limit if it costs nothing."""
    if each <= 0.0:
        return np.full(amount.size, np.inf)
    with np.errstate(over="ignore"):
        return amount / each


def _times(size: Array, gain: Array) -> Array:
    """Size times gain, where nothing is to be gained from any size by nothing."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(gain > 0.0, size * gain, 0.0)
