"""Random economies of pure exchange; ranges and an independent recomputation.

The certificate bounds utilities by duality. Here a holding is looked at through its first-order
conditions: marginal utilities in proportion to prices for all goods that are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.robustness.drawn import Drawn
from markets.quote import FloatArray
from simulator.parameters import Parameters
from simulator.run import Run

RANGES: Mapping[str, str] = {
    "goods": "2 to 8",
    "consumers": "1 to 10 kinds, of 1 to 10,000 members",
    "weights": "1e-3 to 1e3, or 0; one kind wants all goods",
    "endowment": "1e-3 to 1e3 units, or 0; that kind owns some of all goods",
    "elasticity": "0 (Leontief), 1 (Cobb-Douglas), or 1e-2 to 30; of that kind 0.5 to 30, so that"
    " there is an equilibrium in which no good is free",
    "start": "the market's own, or at random",
}
"""Parameter and the range that it is drawn from."""

NOTHING = 0.3
"""Share of weights and endowments that are zero."""


def draw(rng: np.random.Generator) -> Drawn:
    """Draw goods and consumers; the first kind wants and owns all goods, and substitutes."""
    goods, kinds = int(rng.integers(2, 9)), int(rng.integers(1, 11))
    consumers = [_consumer(rng, goods, f"kind {i}", anchor=i == 0) for i in range(kinds)]
    start = str(rng.choice(["primitives", "random"]))
    return Drawn("exchange", {"consumers": consumers, "start": start})


def _consumer(rng: np.random.Generator, goods: int, name: str, *, anchor: bool) -> dict[str, Any]:
    def amounts() -> list[float]:
        drawn = 10.0 ** rng.uniform(-3.0, 3.0, goods)
        kept = rng.random(goods) >= (0.0 if anchor else NOTHING)
        kept[int(rng.integers(goods))] = True
        return [float(amount) for amount in np.where(kept, drawn, 0.0)]

    far = 10.0 ** float(rng.uniform(np.log10(0.5) if anchor else -2.0, np.log10(30.0)))
    return {
        "name": name,
        "weights": amounts(),
        "endowment": amounts(),
        "elasticity": far if anchor else float(rng.choice([0.0, 1.0, far, far])),
        "members": int(10.0 ** rng.uniform(0.0, 4.0)),
    }


def gaps(parameters: Parameters, results: Run[Any]) -> Mapping[str, float]:
    r"""How far each condition of the equilibrium is missed, as shares.

    With :math:`\log (x_k / a_k) + s \log p_k` the same for all goods that are wanted, marginal
    utilities are in proportion to prices; goods count by their share of what the consumer spends.
    """
    given: Any = parameters
    if not len(results.agents):
        return {"traded": np.inf}
    prices = np.array(list(results.quotes(-1).values()))
    columns = [f"holding[{good}]" for good in given.names]
    held = results.agents.set_index("name")[columns].to_numpy(np.float64)
    supply, demand = np.zeros(len(prices)), np.zeros(len(prices))
    best, spent, unwanted = 0.0, 0.0, 0.0
    for each, x in zip(given.consumers, held, strict=True):
        weights, owned = np.array(each.weights), np.array(each.endowment)
        supply, demand = supply + each.members * owned, demand + each.members * x
        wealth = float(prices @ owned)
        spent = max(spent, abs(float(prices @ x) - wealth) / wealth)
        unwanted = max(unwanted, float(np.max(np.where(weights > 0.0, 0.0, np.abs(x)))))
        best = max(best, _uneven(weights, x, prices, each.elasticity))
    return {
        "clearing": float(np.max(np.abs(demand - supply) / supply)),
        "clearing, value": float(np.max(np.abs(demand - supply) * prices) / (prices @ supply)),
        "budget": spent,
        "unwanted": unwanted,
        "optimality": best,
    }


def _uneven(weights: FloatArray, x: FloatArray, prices: FloatArray, elasticity: float) -> float:
    """How far marginal utilities are from being in proportion to prices, by shares of spending."""
    wanted = (weights > 0.0) & (x > 0.0)
    share = prices * x / (prices @ x)
    level = np.log(x[wanted] / weights[wanted]) + elasticity * np.log(prices[wanted])
    return float(share[wanted] @ np.abs(level - share[wanted] @ level))
