"""A rehearsal: what every economy must do, whatever it trades.

Called by the tests for every economy, and by authors on their own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agents.clearing_house import total
from markets.quote import FloatArray
from simulator.certificate import Certificate, Condition
from simulator.outcome import Outcome
from simulator.point import ScenarioEconomy

AGREES = 1e-9
"""Relative difference at which two ways to the same number agree."""

SLOPES_AGREE = 1e-2
"""Relative difference of a reported depth and finite differences: the latter are good to a few
digits where demand bends, and no digit where it has steps."""

NUDGE = 1.37e-4
"""Distance in coordinates by which slopes are compared off the resting quotes, which may stand on a
kink of demand: a limit, the edge of a rung. It is small, since a market may hold the scale of its
residuals fixed in its depth, which is then exact only where it clears."""

ROUNDS = 300
"""Rounds in which the market may come to rest for the comparison of slopes."""

DISTANCE = 1e-5
"""Distance in coordinates over which differences are taken."""


def rehearse(build: Callable[[], ScenarioEconomy], rounds: int = 3) -> Certificate:
    """Trade a few rounds and check what must hold at any quotes.

    1. Locating and posting agree: posting the coordinates of posted quotes gives these quotes.
    2. ``named`` has the names of the market's quotes, in their order, and they are finite.
    3. Limits and coordinates are finite, and coordinates lie inside the limits.
    4. Responding twice gives the same orders: responding changes nothing.
    5. Totals of orders do not depend on the order of cohorts.
    6. A depth that the market reports agrees with finite differences at rest, if the rounds get
       there, where demand is smooth.
    7. Walras' law: the accounts ``walras`` and every ``balance`` are zero.

    Parameters
    ----------
    build : callable
        Makes the economy as it stands before its first round.
    rounds : int
        Rounds to trade; checks are made at the quotes of each.

    Returns
    -------
    Certificate
        A condition for each point; it names what does not hold.
    """
    economy = build()
    economy.open()
    worst: dict[str, float] = {}

    def note(name: str, residual: float) -> None:
        worst[name] = max(worst.get(name, 0.0), float(residual))

    for _ in range(rounds):
        assert economy.adjustment is not None
        state = economy.adjustment
        _post_and_locate(economy, state.coordinates, note)
        _orders(economy, state.coordinates, note)
        economy.step()
        _accounts(economy, note)
        if not economy.running:
            break
    if economy.clear(ROUNDS) is Outcome.CLEARED:
        assert economy.adjustment is not None
        _slopes(economy, economy.adjustment.coordinates, note)
    economy.close()
    conditions = [
        Condition(name, residual, SLOPES_AGREE if name == "depth" else AGREES, MEANING[name])
        for name, residual in worst.items()
    ]
    return Certificate(tuple(conditions))


MEANING = {
    "locate": "posting the coordinates of posted quotes gives these quotes",
    "named": "the quotes have the names that the market states, in that order, and are finite",
    "limits": "limits and coordinates are finite, coordinates inside the limits",
    "respond": "responding twice gives the same orders",
    "order of cohorts": "totals of orders do not depend on the order of cohorts",
    "depth": "the depth that the market reports agrees with finite differences",
    "walras": "Walras' law holds and the clearing house's balances are zero",
}

Note = Callable[[str, float], None]


def _post_and_locate(economy: ScenarioEconomy, coordinates: FloatArray, note: Note) -> None:
    market, terms, none = economy.market, economy.terms, np.zeros_like(coordinates)
    posted = market.post(coordinates, terms, none)
    named = market.named(posted)
    values = np.array(list(named.values()))
    right = list(named) == [quote.name for quote in market.quotes] and np.isfinite(values).all()
    note("named", 0.0 if right else np.inf)
    again = market.named(market.post(market.locate(named, terms), terms, none))
    moved = np.abs(np.array(list(again.values())) - values)
    note("locate", float(np.max(moved / np.maximum(np.abs(values), 1.0))))
    limits = market.limits(terms)
    inside = (coordinates >= limits.lower) & (coordinates <= limits.upper)
    finite = np.isfinite(limits.lower) & np.isfinite(limits.upper) & np.isfinite(coordinates)
    note("limits", 0.0 if (inside & finite).all() else np.inf)


def _orders(economy: ScenarioEconomy, coordinates: FloatArray, note: Note) -> None:
    posted = economy.market.post(coordinates, economy.terms, np.zeros_like(coordinates))
    cohorts = economy.cohorts
    orders = [cohort.respond(posted) for cohort in cohorts]
    again = [cohort.respond(posted) for cohort in cohorts]
    note("respond", 0.0 if all(_same(a, b) for a, b in zip(orders, again, strict=True)) else np.inf)
    if len(orders) > 1:
        forward, backward = total(orders), total(orders[::-1])
        note("order of cohorts", 0.0 if _same(forward, backward) else np.inf)


def _slopes(economy: ScenarioEconomy, coordinates: FloatArray, note: Note) -> None:
    """Compare a little inside the limits, where one-sided differences agree: demand is smooth."""
    market, terms = economy.market, economy.terms
    limits = market.limits(terms)
    free = ~limits.held(coordinates, _residual(economy, coordinates))
    inward = np.clip(0.5 * (limits.lower + limits.upper) - coordinates, -NUDGE, NUDGE)
    coordinates = coordinates + inward
    posted = market.post(coordinates, terms, np.full_like(coordinates, DISTANCE))
    book = economy.house.net([cohort.respond(posted) for cohort in economy.cohorts])
    depth = market.depth(posted, book, coordinates)
    if depth is None:
        return
    middle = _residual(economy, coordinates)
    floor = 1e-3 * np.max(np.abs(depth))
    for k in range(coordinates.size):
        slopes = []
        for distance in (-DISTANCE, -0.5 * DISTANCE, 0.5 * DISTANCE, DISTANCE):
            beside = coordinates.copy()
            beside[k] = np.clip(beside[k] + distance, limits.lower[k], limits.upper[k])
            if beside[k] != coordinates[k]:
                slopes.append((_residual(economy, beside) - middle) / (beside[k] - coordinates[k]))
        if not slopes:
            continue
        slope, size = np.mean(slopes, axis=0), np.max(np.abs(slopes), axis=0) + floor
        smooth = free & (np.ptp(slopes, axis=0) <= SLOPES_AGREE * size)
        # a scale held fixed, which may double over a unit of the coordinate, explains that much
        wrong = np.maximum(np.abs(depth[:, k] - slope) - np.abs(middle), 0.0) / size
        if smooth.any():
            note("depth", float(np.max(wrong[smooth])))


def _residual(economy: ScenarioEconomy, coordinates: FloatArray) -> FloatArray:
    posted = economy.market.post(coordinates, economy.terms, np.full_like(coordinates, DISTANCE))
    book = economy.house.net([cohort.respond(posted) for cohort in economy.cohorts])
    return economy.market.excess(posted, book).residual


def _accounts(economy: ScenarioEconomy, note: Note) -> None:
    settlement = economy.settlement
    assert settlement is not None
    accounts = settlement.accounts()
    scale = max([abs(v) for name, v in accounts.items() if "balance" not in name] + [1.0])
    zero = [v for name, v in accounts.items() if name == "walras" or name.startswith("balance")]
    note("walras", max((abs(v) for v in zero), default=0.0) / scale)


def _same(one: object, other: object) -> bool:
    """Whether two orders are equal to the last bit."""
    fields = getattr(type(one), "__dataclass_fields__", None)
    if fields is None:
        return bool(np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True))
    return all(_same(getattr(one, name), getattr(other, name)) for name in fields)
