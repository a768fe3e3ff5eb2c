r"""Promises backed by collateral, after which any number of states may come.

One asset and cash. A unit of the asset pays :math:`v_s` in state s. Issuing one unit of promise j
takes collateral of :math:`C^a_j` units of the asset and :math:`C^c_j` of cash; :math:`A_{js}` is
owed, nothing but the collateral can be seized, so that

.. math:: R_{js} = \min\{A_{js},\ v_s C^a_j + C^c_j\}

is delivered and the rest of the collateral stays with the issuer. A promise *defaults* in the
states in which it delivers less than it owes.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, with a finite set of states;
Fostel and Geanakoplos, Leverage and default in binomial economies (Econometrica, 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from markets.promises.menu import BAD, GOOD, Menu, owed_in_cash
from markets.quote import FloatArray
from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class Pledge:
    """What is owed on one unit of a promise in each state, and its collateral."""

    name: str
    owed: tuple[float, ...]
    asset: float = 0.0
    cash: float = 0.0


@dataclass(frozen=True, eq=False)
class StateMenu:
    """An asset and the promises that may be traded beside it; J promises, S states.

    Attributes
    ----------
    states : tuple of str
        Names of the states.
    names : tuple of str
        Names of the promises.
    payoff : array (S,)
        Of one unit of the asset.
    pledged_asset, pledged_cash : array (J,)
        Collateral of one unit.
    owed, delivery, kept : array (J, S)
        What one unit owes, what it delivers, and what is left of its collateral.
    storable : bool
        Whether cash can be kept until the news; if not, no promise is backed by it.
    """

    states: tuple[str, ...]
    names: tuple[str, ...]
    payoff: FloatArray
    pledged_asset: FloatArray
    pledged_cash: FloatArray
    owed: FloatArray
    delivery: FloatArray
    kept: FloatArray
    storable: bool = True

    @classmethod
    def of(
        cls,
        payoff: Sequence[float],
        promises: Sequence[Pledge] = (),
        *,
        states: Sequence[str] | None = None,
        storable: bool = True,
    ) -> StateMenu:
        """The menu of an asset and some promises, in any order.

        Raises
        ------
        Refused
            If payoffs or promises make no sense: fewer than two states, negative numbers, a name
            twice, nothing delivered, nothing left to the issuer, cash pledged that can't be kept.
        """
        pays = np.asarray(payoff, dtype=np.float64)
        if pays.size < 2:
            raise Refused(f"payoffs lists {pays.size} states; there must be at least two")
        if not (np.isfinite(pays).all() and (pays >= 0.0).all() and pays.any()):
            raise Refused(
                f"payoffs is {pays.tolist()}; it must be finite, not negative and not 0 throughout"
            )
        count = pays.size
        for promise in promises:
            _check(promise, count, storable)
        names = tuple(promise.name for promise in promises)
        for name in names:
            if names.count(name) > 1:
                raise Refused(f"promise {name} is named twice; names are distinct")
        owed = np.array([p.owed for p in promises], dtype=np.float64).reshape(-1, count)
        asset = np.array([p.asset for p in promises], dtype=np.float64)
        cash = np.array([p.cash for p in promises], dtype=np.float64)
        seized = np.outer(asset, pays) + cash[:, None]
        delivery = np.minimum(owed, seized)
        for name, delivered, left in zip(names, delivery, seized - delivery, strict=True):
            if not delivered.any():
                raise Refused(f"promise {name} delivers nothing in any state")
            if not left.any():
                raise Refused(f"promise {name} leaves its issuer nothing in any state")
        return cls(
            states=tuple(states) if states else tuple(f"state_{s}" for s in range(1, count + 1)),
            names=names,
            payoff=pays,
            pledged_asset=asset,
            pledged_cash=cash,
            owed=owed,
            delivery=delivery,
            kept=seized - delivery,
            storable=storable,
        )

    @classmethod
    def after_news(cls, menu: Menu) -> StateMenu:
        """The menu of a world of good and bad news, with promises in the order of their names.

        That order stays when payoffs change, while that of ``menu`` follows from what promises
        deliver.
        """
        contracts = sorted(menu.contracts, key=lambda contract: contract.name)
        return cls.of(
            menu.payoff.tolist(),
            [
                Pledge(c.name, owed_in_cash(c), float(c.collateral[1]), float(c.collateral[0]))
                for c in contracts
            ],
            states=(GOOD, BAD),
        )


def _check(promise: Pledge, states: int, storable: bool) -> None:
    """Refuse a promise that makes no sense."""
    name = promise.name
    if len(promise.owed) != states:
        raise Refused(
            f"promise {name} owes {len(promise.owed)} amounts; there is one for each of the"
            f" {states} states"
        )
    for amount in (*promise.owed, promise.asset, promise.cash):
        if not 0.0 <= amount < np.inf:
            raise Refused(
                f"promise {name}: {amount} is owed or pledged; it must be finite, not negative"
            )
    if not any(promise.owed):
        raise Refused(f"promise {name}: nothing is owed in any state")
    if promise.asset + promise.cash <= 0.0:
        raise Refused(f"promise {name}: nothing is pledged; pledge some of the asset or of cash")
    if promise.cash > 0.0 and not storable:
        raise Refused(f"promise {name}: cash is pledged; it can't be, since cash can't be stored")
