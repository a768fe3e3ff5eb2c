"""A clearing house that holds what is pledged for promises, and passes payments on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import mesa
import numpy as np
from typing_extensions import TypeVar

from agents.clearing_house import ClearingHouse
from markets.promises.book import CollateralBook
from markets.promises.menu import Menu
from markets.promises.quotes import CollateralQuotes
from markets.promises.state_menu import StateMenu
from markets.promises.state_quotes import StateQuotes
from markets.quote import FloatArray
from markets.refused import Refused
from markets.variable import Variable


@dataclass(frozen=True, slots=True)
class CollateralSettlement:
    """What the clearing house accepts of a netted book, and its accounts on it.

    Promises that find no counterpart are not accepted: the longer side of each is scaled down. So
    the accounts are in order in every round, whether or not the markets have cleared.

    Attributes
    ----------
    matched : array (J,)
        Units of each promise that stand.
    pledged_asset, pledged_cash : float
        Collateral that the house holds for them.
    states : tuple of str
        Names of the states: after good and after bad news, or any number of others.
    received : array (S,)
        What issuers hand over in each state: what is owed, or the collateral.
    returned : array (S,)
        Collateral that is returned to issuers, in cash, in each state.
    balance_now : float
        Cash from buyers of promises minus cash to their issuers; zero.
    balance : array (S,)
        Value of the collateral minus what buyers receive and what is returned; zero.
    unsecured : float
        Largest amount, over promises and states, by which the collateral falls short of what is
        delivered; zero.
    cash_excess : float
        Cash that orders want to hold minus the cash there is: the redundant market of Walras' law.
    walras : float
        Value of all excess demands as a share of wealth; zero.
    """

    matched: FloatArray
    pledged_asset: float
    pledged_cash: float
    states: tuple[str, ...]
    received: FloatArray
    returned: FloatArray
    balance_now: float
    balance: FloatArray
    unsecured: float
    cash_excess: float
    walras: float

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        return {
            "promises_matched": math.fsum(self.matched),
            "pledged_asset": self.pledged_asset,
            "pledged_cash": self.pledged_cash,
            **self._by_state("delivered", self.received),
            **self._by_state("returned", self.returned),
            "balance_now": self.balance_now,
            **self._by_state("balance", self.balance),
            "unsecured": self.unsecured,
            "cash_excess": self.cash_excess,
            "walras": self.walras,
        }

    def _by_state(self, name: str, amounts: FloatArray) -> dict[str, float]:
        return {
            f"{name}_{state}": amount
            for state, amount in zip(self.states, amounts.tolist(), strict=True)
        }


AnyMenu = TypeVar("AnyMenu", Menu, StateMenu)
AnyQuotes = TypeVar("AnyQuotes", CollateralQuotes, StateQuotes)
AnyBook = TypeVar("AnyBook", bound=CollateralBook)


class CollateralClearingHouse(ClearingHouse[AnyMenu, AnyQuotes, AnyBook]):
    """A clearing house that holds collateral and passes payments on.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    menu : Menu or StateMenu
        The asset and the promises that it clears; announce another one at a later date.
    """

    variables = (
        Variable("promises_matched", "units", "promises that find a counterpart"),
        Variable("pledged_asset", "assets", "asset that the house holds for them"),
        Variable("pledged_cash", "cash", "cash that the house holds for them"),
        Variable("delivered_{node}", "cash", "paid on promises in state {node}"),
        Variable("returned_{node}", "cash", "collateral returned to issuers in state {node}"),
        Variable("balance_now", "cash", "cash from buyers less cash to issuers; zero"),
        Variable(
            "balance_{node}", "cash", "collateral less what is paid and returned in {node}; zero"
        ),
        Variable("unsecured", "cash", "largest amount by which collateral falls short; zero"),
        Variable("cash_excess", "cash", "cash wanted less cash there is: the redundant market"),
        Variable("walras", "share", "violation of Walras' law as a share of what there is; zero"),
    )

    def __init__(self, model: mesa.Model, menu: AnyMenu) -> None:
        super().__init__(model)
        self.menu: AnyMenu = menu

    def charge(self, quotes: Mapping[str, float]) -> AnyMenu:
        """The menu of a date, with the collateral that each promise requires.

        Raises
        ------
        Refused
            If the market has no quote for a promise of the menu, or one too many.
        """
        names = {f"price_{name}" for name in self.menu.names} | {"asset_price"}
        if names != set(quotes):
            unmatched = ", ".join(sorted(names ^ set(quotes)))
            raise Refused(f"menu: {unmatched} is quoted or on the menu, but not both")
        return self.menu

    def settle(self, posted: AnyQuotes, book: AnyBook) -> CollateralSettlement:
        """Accept what is matched, take collateral, and draw up the accounts of every state.

        1. Scale down the longer side of each promise.
        2. Buyers pay issuers; issuers hand over what is pledged.
        3. After the news sell the collateral, pay buyers what issuers deliver, return the rest.
        """
        menu = posted.menu
        matched = np.minimum(book.bought, book.sold)
        paid_in = posted.promise_price * (book.bought * _part(matched, book.bought))
        paid_out = posted.promise_price * (book.sold * _part(matched, book.sold))
        asset, cash = float(menu.pledged_asset @ matched), float(menu.pledged_cash @ matched)
        worth = asset * menu.payoff + cash
        received, returned = matched @ menu.delivery, matched @ menu.kept
        balance = worth - received - returned
        secured = np.outer(menu.pledged_asset, menu.payoff) + menu.pledged_cash[:, None]
        short = matched[:, None] * (menu.delivery - secured)
        cash_excess = book.cash - book.endowed_cash
        excess = posted.asset_price * (book.asset - book.endowed_asset)
        promises = float(posted.promise_price @ (book.bought - book.sold))
        return CollateralSettlement(
            matched=matched,
            pledged_asset=asset,
            pledged_cash=cash,
            states=menu.states,
            received=received,
            returned=returned,
            balance_now=math.fsum(paid_in) - math.fsum(paid_out),
            balance=balance,
            unsecured=max(float(np.max(short, initial=0.0)), 0.0),
            cash_excess=cash_excess,
            walras=(excess + promises + cash_excess) / book.wealth(posted.asset_price),
        )

    def redundant(self, posted: AnyQuotes, book: AnyBook) -> Mapping[str, float]:
        """Cash that orders want to hold minus the cash there is, as a share of all wealth."""
        return {"cash": (book.cash - book.endowed_cash) / book.wealth(posted.asset_price)}


def _part(matched: FloatArray, ordered: FloatArray) -> FloatArray:
    """Share of what was ordered that is matched; 0 where nothing was."""
    return np.divide(matched, ordered, out=np.zeros_like(matched), where=ordered > 0.0)
