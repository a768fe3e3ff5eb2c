"""The house that holds the assets against which loans run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageBook, LeverageQuotes, LeverageTerms, Matched
from markets.refused import Refused
from markets.variable import Variable


@dataclass(frozen=True, slots=True)
class LeverageSettlement:
    """The accounts of the house at the node at which traders stand.

    Attributes
    ----------
    due, repaid : float
        Loans of the date before: promised, and paid; the difference is the lenders' loss.
    loans : float
        New loans, cash.
    pledged : float
        Assets that the house holds against them.
    unsecured : float
        What they exceed the assets' value by, after the worse news; zero.
    cash_excess : float
        Cash that traders want to keep minus the cash there is: the redundant market of Walras' law.
    walras : float
        Value of both excess demands as a share of all wealth; zero.
    """

    due: float
    repaid: float
    loans: float
    pledged: float
    unsecured: float
    cash_excess: float
    walras: float

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        return {name: getattr(self, name) for name in self.__slots__}


class LeverageClearingHouse(
    ClearingHouse[LeverageTerms, LeverageQuotes, LeverageBook, LeverageBook, Matched]
):
    """A clearing house between borrowers, whose assets it holds, and lenders.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    tree : NewsTree
        News and payoffs.
    most_leverage : sequence of float
        Largest value of assets as a multiple of what their buyer pays down, by date, at least 1;
        later dates than are given have no limit.

    Attributes
    ----------
    news : str
        What has been heard; announce ``news="bad"`` at the next date.

    Raises
    ------
    Refused
        If a limit is below 1 or not a number.
    """

    variables = (
        Variable("due", "cash", "loans of the date before, promised"),
        Variable("repaid", "cash", "paid of them; the difference is the lenders' loss"),
        Variable("loans", "cash", "new loans"),
        Variable("pledged", "assets", "assets that the house holds against them"),
        Variable("unsecured", "cash", "new loans beyond their collateral after worse news; zero"),
        Variable("cash_excess", "cash", "cash wanted less cash there is: the redundant market"),
        Variable("walras", "share", "violation of Walras' law as a share of all wealth; zero"),
    )

    def __init__(
        self, model: mesa.Model, tree: NewsTree, most_leverage: Sequence[float] = ()
    ) -> None:
        super().__init__(model)
        for most in most_leverage:
            if not most >= 1.0:
                raise Refused(
                    f"most_leverage contains {most}; leverage is at least 1, which is no loan"
                )
        self.tree = tree
        limits = np.full(int(tree.date[-1]) + 1, np.inf)
        limits[: len(most_leverage)] = most_leverage[: limits.size]
        self.most_leverage = limits[tree.date]
        self.news = tree.names[0]
        self._before: LeverageQuotes | None = None

    def carry(self, posted: LeverageQuotes, book: LeverageBook) -> None:
        """Remember what was promised on each asset, and quoted for later."""
        self._before = posted

    def charge(self, quotes: Mapping[str, float]) -> LeverageTerms:
        """Where traders stand, and how far they may borrow.

        Raises
        ------
        Refused
            If nothing is left to trade after the news.
        """
        root, before = self.tree.place(self.news), self._before
        if before is None:
            return LeverageTerms(root, self.most_leverage)
        due, forward = float(before.loan[before.terms.root]), float(before.price[root])
        return LeverageTerms(root, self.most_leverage, due, forward, before.coordinates)

    def settle(self, posted: LeverageQuotes, book: LeverageBook) -> LeverageSettlement:
        """Collect what was lent, hold the assets of the new loans, and draw up the accounts."""
        tree, root = posted.tree, posted.terms.root
        price, owed, asset = (
            float(posted.price[root]),
            float(book.owed[root]),
            float(book.asset[root]),
        )
        worst = float(min(posted.price[tree.good[root]], posted.price[tree.bad[root]]))
        due = posted.terms.loan_due * book.endowed_asset
        cash_excess = math.fsum([book.saved[root], -owed, -book.endowed_cash])
        excess = price * (asset - book.endowed_asset)
        return LeverageSettlement(
            due=due,
            repaid=posted.recovery * due,
            loans=owed,
            pledged=asset if owed > 0.0 else 0.0,
            unsecured=max(owed - worst * asset, 0.0),
            cash_excess=cash_excess,
            walras=(excess + cash_excess) / (book.endowed_cash + price * book.endowed_asset),
        )

    def place(self, posted: LeverageQuotes, book: LeverageBook) -> Matched:
        """Lend what savers save, pro rata, and accept of the orders what there is."""
        root = posted.terms.root
        if not book.asset[root] > 0.0 or not book.saved[root] > 0.0:
            return Matched(0.0, 1.0, 1.0)  # nobody buys, or nobody sells: nothing has cleared
        asset = book.endowed_asset / float(book.asset[root])
        owed = asset * float(book.owed[root])
        saved = book.endowed_cash + owed
        return Matched(owed / saved, asset, saved / float(book.saved[root]))

    def redundant(self, posted: LeverageQuotes, book: LeverageBook) -> Mapping[str, float]:
        """Cash that traders want to keep minus the cash there is, as a share of all wealth.

        At every open node that can still be reached.
        """
        tree = posted.tree
        wealth = book.endowed_cash + posted.price[: tree.count] * book.endowed_asset
        excess = (book.saved - book.owed - book.endowed_cash) / wealth
        return {
            "cash" if node == posted.terms.root else f"cash after {tree.names[node]}": float(
                excess[node]
            )
            for node in np.flatnonzero(tree.reached(posted.terms.root))
        }
