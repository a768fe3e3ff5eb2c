r"""Random economies with leverage over several dates.

The recomputation takes quotes and the table of plans. What a trader can expect at best is found by
enumeration, from the last nodes back: with linear utility a best choice at a node is all cash, all
assets, or all assets with the largest loan. No linear program is solved, and no code of the market
or the traders is used but the tree of news.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.robustness.drawn import Drawn
from markets.quote import FloatArray
from scenarios.leverage.economy import LeverageCycle
from simulator.parameters import Parameters
from simulator.results import Results

RANGES: Mapping[str, str] = {
    "payoffs": "2 to 5 of them (1 to 4 dates), falling from 10^-1 to 10^1, some equal, the last one"
    " 0 in one of six",
    "news": "bad as long as something is left to trade, or good or bad at the first date",
    "leverage": "chosen, capped (at 1 to 5, at each date) or none",
    "beliefs": "a continuum (beta with parameters .6 to 6), or 2 to 200 single traders, uniform on"
    " (.02, .98)",
    "cash, asset": "10^-1 to 10^1; one in four single traders has none of it",
}

NOTHING = 1e-300
"""Stands for the wealth of who has none, so that shares of it are 0."""


def draw(rng: np.random.Generator) -> Drawn:
    """Draw an economy, valid by the parameters' own descriptions."""
    dates = int(rng.integers(1, 5))
    payoffs = np.sort(10.0 ** rng.uniform(-1.0, 1.0, dates + 1))[::-1]
    alike = int(rng.integers(1, dates + 1))
    payoffs[:alike] = payoffs[0]
    if rng.random() < 1.0 / 6.0:
        payoffs[-1] = 0.0
    leverage = str(rng.choice(["chosen", "capped", "none"]))
    parameters: dict[str, object] = {
        "payoffs": payoffs.tolist(),
        "leverage": leverage,
        "most_leverage": rng.uniform(1.0, 5.0, dates).tolist(),
    }
    if alike == 1 and dates > 1 and rng.random() < 0.5:
        parameters["news"] = [str(rng.choice(["good", "bad"]))]
    if rng.random() < 0.5:
        a, b = (float(f"{x:.3g}") for x in rng.uniform(0.6, 6.0, 2))
        owned = 10.0 ** rng.uniform(-1.0, 1.0, 2)
        parameters |= {
            "beliefs": f"beta({a}, {b})", "cash": float(owned[0]), "asset": float(owned[1]),
        }  # fmt: skip
        return Drawn("leverage-cycle", parameters)
    number = int(rng.choice([2, 3, 5, 10, 50, 200]))
    parameters |= {
        "beliefs": [float(f"{h:.6f}") for h in rng.uniform(0.02, 0.98, number)],
        "population": "individuals",
        "cash": _owned(rng, number),
        "asset": _owned(rng, number),
    }
    return Drawn("leverage-cycle", parameters)


def _owned(rng: np.random.Generator, number: int) -> list[float]:
    """Endowments of single traders; somebody has something."""
    owned = 10.0 ** rng.uniform(-1.0, 1.0, number) * (rng.random(number) < 0.75)
    owned[rng.integers(number)] += 0.1
    return [float(amount) for amount in owned]


def gaps(parameters: Parameters, results: Results[Any]) -> Mapping[str, float]:
    """How far each condition of an equilibrium is missed at any date, as shares."""
    assert isinstance(parameters, LeverageCycle)
    worst: dict[str, float] = {}
    for point in results.points:
        if not len(point.agents):
            return {"traded": np.inf}
        found = _gaps_of_date(parameters, point.case, point.date, point.quotes, point.agents)
        worst = {name: max(worst.get(name, 0.0), gap) for name, gap in found.items()}
    return worst


def _gaps_of_date(
    parameters: LeverageCycle, case: str, date: int, quotes: Mapping[str, float], agents: Any
) -> dict[str, float]:
    tree, root = parameters.tree, parameters.node(date)
    caps = parameters.caps(case)
    price = [*quotes.values(), *tree.settled.tolist()]
    column = {c: agents[c].to_numpy(float) for c in agents.columns if agents[c].dtype.kind in "fi"}
    weight, due = column["weight"], float(column["loan_due"][0])
    own = column["endowed_asset"]
    repaid = min(1.0, price[root] / due) if due else 1.0
    start = column["endowed_cash"] + repaid * column["endowed_loans"]
    start = start + max(price[root] - due, 0.0) * own
    assets = float(weight @ own)
    cash = float(weight @ (column["endowed_cash"] + column["endowed_loans"])) - due * assets
    found = {"wealth": float(np.max(np.abs(start - column["wealth"]) / start.max()))}
    wealth = {root: start}
    expected = dict.fromkeys(("belief_low", "belief_high"), np.zeros_like(start))
    reach = {end: {root: np.ones_like(start)} for end in expected}
    best = {end: [np.ones_like(start) for _ in price] for end in expected}
    for node in reversed(range(root, tree.count)):
        good, bad = int(tree.good[node]), int(tree.bad[node])
        cap = caps[tree.date[node]] if tree.date[node] < len(caps) else np.inf
        loan = min(price[good], price[bad], price[node] * (1.0 - 1.0 / cap))
        for end, value in best.items():
            up, down = column[end] * value[good], (1.0 - column[end]) * value[bad]
            value[node] = up + down
            for borrowed in (0.0, loan):
                if price[node] > borrowed:
                    ahead = up * (price[good] - borrowed) + down * (price[bad] - borrowed)
                    value[node] = np.maximum(value[node], ahead / (price[node] - borrowed))
    for node in range(root, tree.count):
        if node not in wealth:
            continue  # news has passed it by
        after = "" if node == root else f"_after_{tree.names[node]}"
        asset, owed, saved = (column[f"{name}{after}"] for name in ("asset", "owed", "saved"))
        cap = caps[tree.date[node]] if tree.date[node] < len(caps) else np.inf
        children = int(tree.good[node]), int(tree.bad[node])
        loan = min(*(price[c] for c in children), price[node] * (1.0 - 1.0 / cap))
        spent = price[node] * asset - owed + saved
        most = max(float(np.max(wealth[node])), NOTHING)
        for name, gap in (
            ("budgets", np.max(np.abs(spent - wealth[node])) / most),
            ("short", max(0.0, -min(asset.min(), owed.min(), saved.min())) / most),
            ("collateral", np.max(owed - loan * asset) / most),
            ("asset", abs(float(weight @ asset) / assets - 1.0)),
            ("cash", abs(float(weight @ (saved - owed)) - cash) / (cash + assets * price[node])),
        ):
            found[name] = max(found.get(name, 0.0), float(gap))
        for k, child in enumerate(children):
            left = saved - owed + price[child] * asset
            if child < tree.count:
                wealth[child] = left
            for end, chance in reach.items():
                likely = (column[end], 1.0 - column[end])[k] * chance[node]
                if child < tree.count:
                    chance[child] = likely
                else:
                    expected[end] = expected[end] + likely * left
    gain = [_gain(best[end][root] * start, expected[end]) for end in expected]
    quoted = float(column["forward_price"][0])
    if np.isfinite(quoted):
        found["forward quote"] = abs(price[root] / quoted - 1.0)
    return {**found, "gain": max(gain)}


def _gain(best: FloatArray, got: FloatArray) -> float:
    """Largest expected wealth that a trader forgoes, as a share, of those who own something."""
    rich = best > 1e-12 * np.max(best)
    return float(np.max((best - got)[rich] / np.maximum(best[rich], NOTHING)))
