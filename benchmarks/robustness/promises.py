r"""Random economies in which promises are kept as far as collateral backs them.

The recomputation takes quotes and the table of positions, and finds by enumeration what is best for
every trader: with linear utility and nothing but collateral to seize, a best position is one of the
elementary portfolios (consume, store, buy a promise, issue one and hold its collateral, own the
asset), so the best return is the largest of theirs. No linear program is solved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.robustness.drawn import Drawn
from markets.quote import FloatArray
from scenarios.promises.economy import CollateralEquilibrium
from scenarios.promises.states_economy import EndogenousLeverage
from simulator.parameters import Parameters
from simulator.results import Results

RANGES: Mapping[str, str] = {
    "scenario": "collateral-equilibrium and endogenous-leverage, one half each",
    "assets": "none, borrowing, tranching or default-swaps",
    "high_payoff": "10^-1.5 to 10^1.5",
    "low_payoff": ".001 to .999 of high_payoff, one in ten of none of it; at 1 or 2 dates",
    "payoffs": "2 to 5 states, 10^-2 to 10^1, one in six with nothing in the worst",
    "promises": "0 to 10: loans of .02 to .98 of the best payoff, claims on single states, swaps"
    " against cash",
    "beliefs": "a continuum (beta with parameters .6 to 6), or 2 to 200 single traders: uniform on"
    " (.02, .98), or rows, Dirichlet with parameters .3 to 5",
    "cash, asset": "10^-2 to 10^1; one in four single traders has none of it, or all own alike",
    "patience": "0, or .3 to 1.3; cash can't be stored in one of three draws with patience",
}

NOTHING = 1e-300
"""Stands for the wealth of who has none, so that shares of it are 0."""


def draw(rng: np.random.Generator) -> Drawn:
    """Draw an economy, valid by the parameters' own descriptions."""
    return _cycle(rng) if rng.random() < 0.5 else _states(rng)


def _power(rng: np.random.Generator, low: float, high: float, size: Any = None) -> Any:
    return 10.0 ** rng.uniform(low, high, size)


def _owned(rng: np.random.Generator, number: int) -> list[float]:
    """Endowments of single traders; somebody has something."""
    owned = _power(rng, -2.0, 1.0, number) * (rng.random(number) < 0.75)
    owned[rng.integers(number)] += 0.01
    return [float(amount) for amount in owned]


def _cycle(rng: np.random.Generator) -> Drawn:
    high = float(_power(rng, -1.5, 1.5))
    assets = str(rng.choice(["none", "borrowing", "tranching", "default-swaps"]))
    dates = int(rng.integers(1, 3))
    low = high * np.where(rng.random(dates) < 0.2, 1.0 - _power(rng, -3.0, -1.0, dates),
                          rng.uniform(0.001, 0.999, dates))  # fmt: skip
    if assets == "none":
        low = low * (rng.random(dates) < 0.9)
    amounts = sorted(
        {float(f"{x:.6g}") for x in high * rng.uniform(0.02, 0.98, rng.integers(0, 7))}
    )
    names = {f"{amount:g}" for amount in amounts}
    with_loans = assets == "borrowing" and len(names) == len(amounts)
    parameters: dict[str, object] = {
        "assets": assets,
        "low_payoff": [float(x) for x in low],
        "high_payoff": high,
        "promises": amounts if with_loans else [],
    }
    if rng.random() < 0.4:
        a, b = (float(f"{x:.3g}") for x in rng.uniform(0.6, 6.0, 2))
        parameters |= {
            "beliefs": "uniform" if rng.random() < 0.3 else f"beta({a}, {b})",
            "population": "continuum",
            "cash": float(_power(rng, -1.5, 1.5)),
            "asset": float(_power(rng, -1.5, 1.5)),
        }
        return Drawn("collateral-equilibrium", parameters)
    number = int(rng.choice([2, 3, 5, 10, 50, 200]))
    alike = rng.random() < 0.3
    parameters |= {
        "beliefs": [float(f"{h:.6f}") for h in rng.uniform(0.02, 0.98, number)],
        "population": "individuals",
        "cash": float(_power(rng, -1.0, 1.0)) if alike else _owned(rng, number),
        "asset": float(_power(rng, -1.0, 1.0)) if alike else _owned(rng, number),
    }
    return Drawn("collateral-equilibrium", parameters)


def _states(rng: np.random.Generator) -> Drawn:
    states, number = int(rng.integers(2, 6)), int(rng.choice([2, 3, 5, 10, 50, 100]))
    payoffs = np.sort(_power(rng, -2.0, 1.0, states))[::-1]
    if rng.random() < 1.0 / 6.0:
        payoffs[-1] = 0.0
    patience: float | list[float] = 0.0
    storable = True
    if rng.random() < 0.4:
        storable = bool(rng.random() < 2.0 / 3.0)
        patience = (
            float(rng.uniform(0.3, 1.3)) if rng.random() < 0.5
            else [float(x) for x in rng.uniform(0.3, 1.3, number)]
        )  # fmt: skip
    promises = [_promise(rng, j, payoffs, storable) for j in range(int(rng.integers(0, 11)))]
    rows = rng.dirichlet(np.full(states, rng.choice([0.3, 1.0, 5.0])), number)
    parameters: dict[str, object] = {
        "payoffs": [float(v) for v in payoffs],
        "promises": promises,
        "beliefs": [[float(x) for x in row / row.sum()] for row in rows],
        "cash": _owned(rng, number),
        "asset": _owned(rng, number),
        "patience": patience,
        "storable": storable,
    }
    return Drawn("endogenous-leverage", parameters)


def _promise(
    rng: np.random.Generator, j: int, payoffs: FloatArray, storable: bool
) -> dict[str, object]:
    """A loan, a claim on some states against the asset, or a swap against cash."""
    kind, best = rng.integers(3 if storable else 2), float(payoffs[0])
    if kind == 0:
        return {"name": f"loan_{j}", "owed": float(best * rng.uniform(0.02, 0.98))}
    if kind == 1:
        owed = payoffs * rng.uniform(0.0, 0.99, payoffs.size) * (rng.random(payoffs.size) < 0.6)
        owed[0] += 1e-3 * best  # the best state pays something, and never all
        return {"name": f"claim_{j}", "owed": [float(x) for x in owed]}
    loss = (best - payoffs) * float(rng.uniform(0.1, 1.0))
    backing = float(loss.max() * rng.uniform(1.0, 1.5))
    return {"name": f"swap_{j}", "owed": [float(x) for x in loss], "asset": 0.0, "cash": backing}


def gaps(parameters: Parameters, results: Results[Any]) -> Mapping[str, float]:
    """How far each condition of an equilibrium is missed at any date, as shares."""
    worst: dict[str, float] = {}
    for row, point in enumerate(results.points):
        quotes = results.quotes(row)
        agents = results.agents
        mine = agents[(agents["case"] == point.case) & (agents["date"] == point.date)]
        for name, gap in _gaps_of_date(parameters, point.case, point.date, quotes, mine).items():
            worst[name] = max(worst.get(name, 0.0), gap)
    return worst


def _gaps_of_date(
    parameters: Parameters, case: str, date: int, quotes: Mapping[str, float], agents: Any
) -> dict[str, float]:
    names, owed, backing, payoff, storable = _terms(parameters, case, date)
    price, q = quotes["asset_price"], np.array([quotes[f"price_{name}"] for name in names])
    seized = np.outer(backing[:, 0], payoff) + backing[:, 1:]
    delivery = np.minimum(owed, seized)
    column = {c: agents[c].to_numpy(float) for c in agents.columns if agents[c].dtype.kind in "fi"}
    count, weight = len(names), column["weight"]
    bought, sold = (
        np.array([column[f"{way}_{n}"] for n in names]).reshape(count, weight.size).T
        for way in ("bought", "sold")
    )
    eaten = column.get("consumed", np.zeros_like(weight))
    wealth = column["endowed_cash"] + price * column["endowed_asset"]
    whole, own = float(weight @ wealth), np.maximum(wealth, NOTHING)
    free_cash = column["cash"] - sold @ backing[:, 1]
    free_asset = column["asset"] - sold @ backing[:, 0]
    cost = eaten + column["cash"] + price * column["asset"] + (bought - sold) @ q
    later = np.outer(column["cash"], np.ones_like(payoff)) + np.outer(column["asset"], payoff)
    later += (bought - sold) @ delivery
    found = {
        "asset": abs(weight @ (column["asset"] - column["endowed_asset"])) * price / whole,
        "cash": abs(weight @ (eaten + column["cash"] - column["endowed_cash"])) / whole,
        "promises": float(np.max(np.abs(weight @ (bought - sold)) * q, initial=0.0)) / whole,
        "budgets": float(np.max(np.abs(cost - wealth) / own)),
        "collateral": float(
            np.max(
                -np.minimum(np.column_stack([free_cash, price * free_asset]), 0.0) / own[:, None]
            )
        ),
        "short": float(np.max(-np.minimum(np.column_stack([bought, sold, eaten]), 0.0))),
        "storage": 0.0 if storable else float(np.max(column["cash"] / own)),
    }
    gain = 0.0
    for weights in _views(parameters, agents):
        returns = [weights[:, 1:] @ payoff / price]
        returns += [weights[:, 1:].sum(axis=1)] if storable else []
        returns += [weights[:, 0]]
        returns += [weights[:, 1:] @ d / p for d, p in zip(delivery, q, strict=True)]
        returns += [
            weights[:, 1:] @ (s - d) / (b[0] * price + b[1] - p)
            for s, d, b, p in zip(seized, delivery, backing, q, strict=True)
        ]
        best = np.max(returns, axis=0) * wealth
        got = weights[:, 0] * eaten + np.sum(weights[:, 1:] * later, axis=1)
        if np.any(backing @ [price, 1.0] <= q):
            return {**found, "gain": np.inf}
        gain = max(gain, float(np.max((best - got) / np.maximum(best, NOTHING))))
    return {**found, "gain": gain}


def _terms(
    parameters: Parameters, case: str, date: int
) -> tuple[list[str], FloatArray, FloatArray, FloatArray, bool]:
    """Names, what is owed (J, S), assets and cash pledged (J, 2), payoffs; if cash can be kept."""
    if isinstance(parameters, EndogenousLeverage):
        payoff = np.array(parameters.payoffs)
        owed = [np.broadcast_to(p.owed, payoff.size) for p in parameters.promises]
        backing = [(p.asset, p.cash) for p in parameters.promises]
        names, storable = [p.name for p in parameters.promises], parameters.storable
    else:
        assert isinstance(parameters, CollateralEquilibrium)
        menu, storable = parameters.menu(case, date), True
        payoff, names = np.array([parameters.high_payoff, parameters.low_payoff[date - 1]]), []
        owed, backing = [], []
        for contract in menu.contracts:
            cash, asset = (float(amount) for amount in contract.collateral)
            names.append(contract.name)
            backing.append((asset, cash))
            bundles: Any = contract.coupon
            owed.append(np.array([float(bundles.bundles[s][0]) for s in ("good", "bad")]))
    shape = (len(names), payoff.size)
    return (
        names, np.array(owed, dtype=np.float64).reshape(shape),
        np.array(backing, dtype=np.float64).reshape(-1, 2), payoff, storable,
    )  # fmt: skip


def _views(parameters: Parameters, agents: Any) -> list[FloatArray]:
    """Utility of consumption now and in every state: of single traders, or both ends of a row."""
    if isinstance(parameters, EndogenousLeverage):
        rows = np.array(parameters.beliefs, dtype=np.float64)
        patience = np.broadcast_to(np.asarray(parameters.patience, dtype=np.float64), len(rows))
        now = np.broadcast_to(float(np.any(patience > 0.0)), len(rows))
        return [np.column_stack([now, np.where(now > 0.0, patience, 1.0)[:, None] * rows])]
    ends = (agents[end].to_numpy(float) for end in ("belief_low", "belief_high"))
    return [np.column_stack([np.zeros(h.size), h, 1.0 - h]) for h in ends]
