"""What happened in a run of ``margin-hike``, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scenarios.repo.verdict import NOBODY_TRADES
from simulator.outcome import Outcome
from simulator.point import DateEnd

TOLD_ONE_BY_ONE = 5
"""Up to so many dates the sentence follows them one by one."""

SAME = 1e-9
"""Relative; quotes, and haircuts that follow them, closer than this have not moved: each is known
to the precision of clearing."""

DIGITS = (5, 7, 9, 12)
"""Significant digits of quotes: the first of these that tells two quotes apart."""


def summary(haircuts: Sequence[float], ends: Sequence[DateEnd]) -> str:
    """How price and repo rate answered the haircuts at the dates that a run reached.

    Parameters
    ----------
    haircuts : sequence of float
        Haircut announced at each date, as shares.
    ends : sequence of DateEnd
        How the dates ended, in order; at least one.

    Examples
    --------
    >>> import walras
    >>> walras.run("margin-hike", market="long", haircuts=[0.03], traders=100).summary
    'at a haircut of 3% the price is 1.0441 and the repo rate is 0'
    """
    if len(ends) == 1:
        return f"at a haircut of {percent(haircuts[0])} {_level(ends[0])}"
    if len(ends) > TOLD_ONE_BY_ONE:
        return _overall(haircuts, ends)
    parts = []
    for number, (before, after) in enumerate(pairwise(ends)):
        old, new = haircuts[number], haircuts[number + 1]
        same = abs(new - old) <= SAME * old
        move = "stays" if same else "rises" if new > old else "falls"
        if number == 0 and not same:
            head = f"the haircut {move} from {percent(old)} to {percent(new)}"
        elif number == 0:
            head = f"the haircut stays at {percent(old)}"
        else:
            head = f"then it {move} {'at' if same else 'to'} {percent(new)}"
        parts.append(f"{head}: {_response(before, after)}")
    return "; ".join(parts)


def _response(before: DateEnd, after: DateEnd) -> str:
    """How the quotes moved from one date to the next."""
    untraded = NOBODY_TRADES in (before.described.get("regime"), after.described.get("regime"))
    if {before.outcome, after.outcome} != {Outcome.CLEARED} or untraded:
        return _level(after)
    price = _move(before.point.quotes["security_price"], after.point.quotes["security_price"])
    rates = before.point.quotes["repo_rate"], after.point.quotes["repo_rate"]
    if rates == (0.0, 0.0):
        return f"the price {price} at a repo rate of 0"
    return f"the price {price} and the repo rate {_move(*rates)}"


def _level(end: DateEnd) -> str:
    """The quotes of one date."""
    if end.outcome is not Outcome.CLEARED:
        return f"no equilibrium was found ({end.outcome})"
    price, rate = end.point.quotes["security_price"], end.point.quotes["repo_rate"]
    if end.described.get("regime") == NOBODY_TRADES:
        return f"{NOBODY_TRADES}, at a price of {_number(price)}"
    return f"the price is {_number(price)} and the repo rate is {_number(rate)}"


def _overall(haircuts: Sequence[float], ends: Sequence[DateEnd]) -> str:
    """The range of the price over many dates, and how often it moved which way."""
    cleared = [end for end in ends if end.outcome is Outcome.CLEARED]
    head = f"{len(ends)} haircuts between {percent(min(haircuts))} and {percent(max(haircuts))}"
    if not cleared:
        return f"{head}: no equilibrium was found ({ends[0].outcome})"
    prices = [end.point.quotes["security_price"] for end in cleared]
    rises = sum(after > before * (1.0 + SAME) for before, after in pairwise(prices))
    falls = sum(after < before * (1.0 - SAME) for before, after in pairwise(prices))
    text = (
        f"{head}: the price lies between {_number(min(prices))} and {_number(max(prices))}, rises"
        f" {rises} times and falls {falls} times"
    )
    missing = len(ends) - len(cleared)
    return f"{text}; at {missing} of them no equilibrium was found" if missing else text


def _move(before: float, after: float) -> str:
    """Rises, falls or stays, in numbers that differ if the quotes do."""
    if abs(after - before) <= SAME * max(abs(before), abs(after)):
        return f"stays at {_number(after)}"
    texts = [(_number(before, digits), _number(after, digits)) for digits in DIGITS]
    old, new = next((pair for pair in texts if pair[0] != pair[1]), texts[-1])
    return f"{'rises' if after > before else 'falls'} from {old} to {new}"


def _number(value: float, digits: int = DIGITS[0]) -> str:
    return f"{value + 0.0:.{digits}g}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100.0 * share:.10g}%"
