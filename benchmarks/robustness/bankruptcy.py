r"""Random economies with a bond that may not be repaid, and with equities.

The recomputation takes quotes and the table of members, and for every member asks SciPy's
non-negative least squares (Lawson and Hanson) for multipliers that explain its marginal utilities.
A plan is best if the gain :math:`g` of a unit of each trade is a combination

.. math:: g = \mu_0 p - \sigma + \mu_\kappa 1_{z^-}, \qquad \mu_0, \sigma, \mu_\kappa \ge 0,

of the normals of the bounds that the plan meets (utility is concave, the bounds are linear). What
is left is the share of its price by which some trade is still worth more, or less, than it costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.robustness.drawn import Drawn
from markets.quote import FloatArray
from scenarios.bankruptcy.bankruptcy import TwoInvestors
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from simulator.parameters import Parameters
from simulator.results import Results

RANGES: Mapping[str, str] = {
    "scenario": "bankruptcy in one of ten draws, bankruptcy-capm in the others",
    "cohorts": "2 to 8 of 1 to 25 members each, so 2 to 200 members",
    "utility": "all quadratic, all with constant risk aversion, or both",
    "weight": "largest satiation of the economy times 10^-1.5 to 10^1.5",
    "satiation": "1.0001 to 10 times a member's share of all goods of the richest state",
    "risk_aversion": ".01 to 60 over all goods of the richest date or state",
    "patience": ".1 to 10",
    "endowment_now, endowment_later": "10^-2 to 10^2 around a level; one in ten has next to nothing"
    " (10^-6 of the level)",
    "equities": "0 to 1 of each, one in three of none of it",
    "spread": "0, or 0 to .9",
    "probabilities": "1 to 12 states, Dirichlet with parameters .2 to 5, down to 10^-6",
    "payoffs": "0 to 6 equities, 10^-3 to 10^3, one in five of nothing",
    "short_limit": "0, 10^-3 to 10^3 times goods per member, or none",
    "all goods": "10^-2 to 10^3 as a level",
}

LEAST_PROBABILITY = 1e-6
"""Smallest probability of a state."""

NOTHING = 1e-6
"""Endowment of who has next to nothing, as a share of the level of goods; none at all is refused
(assumption A3)."""

CLOSE = 1e-9
"""Distance from a bound, as a share of the member's goods, at which a plan meets it."""


def draw(rng: np.random.Generator) -> Drawn:
    """Draw an economy, valid by the parameters' own descriptions."""
    return _two(rng) if rng.random() < 0.1 else _several(rng)


def _power(rng: np.random.Generator, low: float, high: float, size: Any = None) -> Any:
    """Powers of ten between two exponents, evenly."""
    return 10.0 ** rng.uniform(low, high, size)


def _limit(rng: np.random.Generator, goods: float) -> float | None:
    kind = rng.integers(4)
    if kind == 0:
        return 0.0
    return None if kind == 1 else float(goods * _power(rng, -3.0, 3.0))


def _two(rng: np.random.Generator) -> Drawn:
    level = _power(rng, -2.0, 3.0)
    now, later = level * _power(rng, -2.0, 2.0, 2), level * _power(rng, -2.0, 2.0, 2)
    satiation = np.sum(later) * (1.0 + _power(rng, -4.0, 1.0, 2))
    weight = np.max(satiation) * _power(rng, -1.5, 1.5, 2)
    parameters: dict[str, object] = {"short_limit": _limit(rng, float(np.sum(later)))}
    for k, role in enumerate(("borrower", "lender")):
        parameters |= {
            f"{role}_weight": float(weight[k]),
            f"{role}_satiation": float(satiation[k]),
            f"{role}_endowment_now": float(now[k]),
            f"{role}_endowment_later": float(later[k]),
        }
    return Drawn("bankruptcy", parameters)


def _several(rng: np.random.Generator) -> Drawn:
    states, cohorts = int(rng.integers(1, 13)), int(rng.integers(2, 9))
    size = np.where(rng.random(cohorts) < 0.5, 1, rng.integers(1, 26, cohorts))
    spread = np.where((size > 1) & (rng.random(cohorts) < 0.5), rng.uniform(0.0, 0.9, cohorts), 0.0)
    rho = rng.dirichlet(np.full(states, _power(rng, -0.7, 0.7)))
    rho = np.maximum(rho, LEAST_PROBABILITY)
    level, wide = _power(rng, -2.0, 3.0), float(rng.choice([0.5, 1.0, 2.0]))
    payoffs = _payoffs(rng, states)
    now = level * _power(rng, -wide, wide, cohorts)
    later = level * _power(rng, -wide, wide, (cohorts, states))
    poor = rng.random(cohorts) < 0.1
    now[poor], later[poor] = NOTHING * level, NOTHING * level
    own = rng.random((cohorts, payoffs.shape[0])) * (rng.random((cohorts, payoffs.shape[0])) < 0.67)
    own[0, ~np.any(own > 0.0, axis=0)] = 0.5
    own[poor & (np.arange(cohorts) > 0)] = 0.0
    own[0, ~np.any(own > 0.0, axis=0)] = 0.5
    # equities are counted so that their payoffs are of the order of the other goods
    own *= level / max(float(np.mean(payoffs)) if payoffs.size else 1.0, 1e-300)
    each = later + own @ payoffs
    richest = float(np.max((size * (1.0 + spread)) @ each))
    kind, tables = rng.integers(3), []
    for c in range(cohorts):
        table: dict[str, object] = {
            "members": int(size[c]),
            "endowment_now": float(now[c]),
            "endowment_later": later[c].tolist(),
            "equities": own[c].tolist(),
            "spread": float(spread[c]),
        }
        if kind == 0 or (kind == 2 and rng.random() < 0.5):
            # members who differ need not choose alike: one could eat more than its share
            share = richest if spread[c] > 0.0 else richest / size[c]
            satiation = share * (1.0 + _power(rng, -4.0, 1.0))
            table |= {
                "utility": "quadratic",
                "weight": float(share * _power(rng, -1.5, 1.5)),
                "satiation": float(satiation),
            }
        else:
            most = max(richest, float((size * (1.0 + spread)) @ now))
            table |= {
                "utility": "constant risk aversion",
                "risk_aversion": float(60.0 / most * _power(rng, -3.8, 0.0)),
                "patience": float(_power(rng, -1.0, 1.0)),
            }
        tables.append(table)
    goods = richest / float(np.sum(size))
    return Drawn(
        "bankruptcy-capm",
        {
            "cohorts": tables,
            "states": {"probabilities": (rho / np.sum(rho)).tolist()},
            "equities": {"payoffs": payoffs.tolist()},
            "short_limit": _limit(rng, goods),
        },
    )


def _payoffs(rng: np.random.Generator, states: int) -> FloatArray:
    """One row per equity; with the bond they are independent."""
    equities = min(int(rng.integers(0, 7)), states - 1)
    while True:
        payoffs = np.asarray(
            _power(rng, -2.0, 2.0, (equities, 1)) * _power(rng, -1.0, 1.0, (equities, states))
        )
        payoffs *= rng.random(payoffs.shape) < 0.8
        if np.linalg.matrix_rank(np.vstack([np.ones(states), payoffs])) == equities + 1:
            return payoffs


@dataclass(frozen=True, slots=True)
class Primitives:
    """What the parameters say of instruments and members, one row per member."""

    probabilities: FloatArray
    payoffs: FloatArray
    limit: float
    quadratic: FloatArray
    first: FloatArray
    second: FloatArray


def primitives(parameters: Parameters) -> Primitives:
    """Read the parameters of either scenario."""
    if isinstance(parameters, TwoInvestors):
        first, second = parameters.pair("weight"), parameters.pair("satiation")
        return Primitives(
            np.ones(1),
            np.zeros((1, 0)),
            parameters.limit,
            np.ones(2),
            *map(np.array, (first, second)),
        )
    assert isinstance(parameters, BankruptcyCapm)
    rho = np.array(parameters.states.probabilities)
    order = sorted(zip(parameters.cohort_names, parameters.cohorts, strict=True))
    cohorts = [cohort for _, cohort in order]
    size = [cohort.count for cohort in cohorts]
    one = [c.weight if c.utility == "quadratic" else c.risk_aversion for c in cohorts]
    other = [c.satiation if c.utility == "quadratic" else c.patience for c in cohorts]
    return Primitives(
        rho,
        np.array(parameters.equities.payoffs).reshape(-1, rho.size).T,
        parameters.limit,
        np.repeat([float(c.utility == "quadratic") for c in cohorts], size),
        np.repeat(np.array(one, dtype=np.float64), size),
        np.repeat(np.array(other, dtype=np.float64), size),
    )


def gaps(parameters: Parameters, results: Results) -> Mapping[str, float]:
    """How far each condition of Definition 1 is missed at the last date, as shares."""
    known, table, quotes = primitives(parameters), results.agents, results.quotes(-1)

    def columns(start: str) -> FloatArray:
        names = [name for name in table if name == start or str(name).startswith(f"{start}[")]
        return np.asarray(table[names].to_numpy(dtype=np.float64))

    def posted(start: str) -> FloatArray:
        return np.array([v for k, v in quotes.items() if k == start or k.startswith(f"{start}[")])

    price, equity_price, rate = (
        quotes["bond_price"],
        posted("equity_price"),
        posted("repayment_rate"),
    )
    bond, equity, owned = table["bond"].to_numpy(), columns("equity"), columns("endowed_equity")
    first, endowed = table["endowed_now"].to_numpy(), columns("endowed_later")
    now, later = table["consumption_now"].to_numpy(), columns("consumption_later")
    lent, owed = np.maximum(bond, 0.0), np.maximum(-bond, 0.0)
    pledged = endowed + (owned + equity) @ known.payoffs.T
    due = first - price * bond - equity @ equity_price
    eaten = pledged + np.outer(lent, rate) - owed[:, None]
    goods = np.sum(endowed + owned @ known.payoffs.T, axis=0)
    turnover = first + price * np.abs(bond) + np.abs(equity) @ equity_price
    promised = float(np.sum(owed))
    pays = np.sum(np.minimum(owed[:, None], pledged), axis=0)
    realised = pays / promised if promised > 0.0 else np.ones_like(rate)
    bonds = max(float(np.sum(np.abs(bond))), 1e-3 * float(np.sum(first)))
    return {
        "budget now": float(np.max(np.abs(due - now) / turnover)),
        "budget later": float(
            np.max(np.abs(eaten - later) / (np.max(pledged, axis=1) + np.abs(bond))[:, None])
        ),
        "bounds": float(
            max(
                np.max(-now / turnover),
                np.max((-equity - owned) / np.maximum(owned, 1e-300), initial=0.0),
                np.max((owed - known.limit) / np.maximum(owed, 1e-300)),
                0.0,
            )
        ),
        "bond market": abs(float(np.sum(bond))) / bonds,
        "equity markets": float(
            np.max(np.abs(np.sum(equity, axis=0)) / np.sum(owned, axis=0), initial=0.0)
        ),
        "goods later": float(
            np.max(np.abs(np.sum(np.maximum(later, 0.0), axis=0) - goods) / goods)
        ),
        "repayment": float(np.max(np.abs(realised - rate))),
        "best choice": max(
            _mispriced(known, i, np.array([price, *equity_price]), rate, bond[i], equity[i],
                       owned[i], float(first[i]), float(now[i]), later[i])
            for i in range(bond.size)
        ),
    }  # fmt: skip


def _mispriced(
    known: Primitives,
    i: int,
    prices: FloatArray,
    rate: FloatArray,
    bond: float,
    equity: FloatArray,
    owned: FloatArray,
    endowed: float,
    now: float,
    later: FloatArray,
) -> float:
    """Share of its price by which some trade of a member is worth more or less than it costs."""
    from scipy.optimize import nnls

    first, second = known.first[i], known.second[i]
    if known.quadratic[i]:
        value, values = first, second - later
    else:
        # in units of the marginal utility at date 0, so that neither end of the scale is lost
        value, values = 1.0, second * np.exp(first * (now - later))
    if np.any(values <= 0.0):
        return np.inf
    pays = np.column_stack([rate, -np.ones_like(rate), known.payoffs])
    cost = np.concatenate([[prices[0], -prices[0]], prices[1:]])
    size = np.concatenate([[prices[0]], prices])
    wealth = endowed + prices[0] * abs(bond) + float(np.abs(equity) @ prices[1:])
    close = CLOSE * wealth / size
    normals, unit = [], np.eye(cost.size)
    lent, owed = max(bond, 0.0), max(-bond, 0.0)
    at_zero = np.concatenate([[lent, owed], equity + owned]) <= close
    normals += [-unit[k] for k in np.flatnonzero(at_zero)]
    if owed >= known.limit - close[1]:
        normals.append(unit[1])
    if now <= CLOSE * wealth:
        normals.append(cost / size)
    worth = (known.probabilities * values) @ pays / size
    gradient = worth - value * cost / size
    scale = float(np.max(np.abs(np.append(worth, value))))
    left = gradient / scale
    if normals:
        matrix = np.array(normals).T
        solution, _ = nnls(matrix, left)
        left = left - matrix @ solution
    return float(np.max(np.abs(left)))
