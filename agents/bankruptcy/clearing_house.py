r"""A clearing house for a bond: it seizes what the bankrupt have and pays lenders pro rata."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from markets.refused import Refused
from markets.variable import Variable


@dataclass(frozen=True, slots=True)
class BondSettlement:
    r"""What the clearing house accepts of a netted book, and its accounts on it.

    The house stands between lenders and borrowers and takes no position of its own. Of the longer
    side it accepts only what finds a counterpart: the same share of every cohort's lending, or the
    same share of every cohort's borrowers, each with the whole of its promise. So the balances are
    zero by what was accepted, whether or not the bond market has cleared.

    Attributes
    ----------
    instruments : BondAndEquities
        For the names of the states.
    accepted : float
        Bonds promised to the house and by the house.
    paid_out, collected_now : float
        Goods paid to borrowers and received from lenders at date 0.
    collected : array of shape (states,)
        Goods that borrowers pay, or that are seized, in each state.
    distributed : array of shape (states,)
        Goods paid to lenders, at the realised repayment rate.
    goods_now : float
        Consumption less endowment at date 0.
    goods_later : array of shape (states,)
        Positive consumption less endowment in each state; zero in equilibrium: the redundant
        condition (iii) of Definition 1.
    walras : float
        Largest violation of Walras' law over both dates, as a share of the goods there are: goods
        at date 0 must equal what the excess demands cost, goods at date 1 what they and the
        expectation errors pay. Zero up to rounding in every round.
    """

    instruments: BondAndEquities
    accepted: float
    paid_out: float
    collected_now: float
    collected: FloatArray
    distributed: FloatArray
    goods_now: float
    goods_later: FloatArray
    walras: float

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        numbers = {
            "accepted": self.accepted,
            "house_collected_now": self.collected_now,
            "house_paid_now": self.paid_out,
            "balance_now": self.collected_now - self.paid_out,
            "goods_excess_now": self.goods_now,
        }
        for s, name in enumerate(self.instruments.state_names):
            numbers[numbered("house_collected", name)] = float(self.collected[s])
            numbers[numbered("house_paid", name)] = float(self.distributed[s])
            numbers[numbered("balance", name)] = float(self.collected[s] - self.distributed[s])
            numbers[numbered("goods_excess", name)] = float(self.goods_later[s])
        return numbers | {"walras": self.walras}


class BankruptcyClearingHouse(ClearingHouse[float, BondQuotes, BondBook, BondBook, None]):
    """A clearing house through which bonds are bought and sold.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    instruments : BondAndEquities
        What is traded.
    short_limit : float
        Largest short sale of bonds by one trader (kappa; infinite for no limit).

    Raises
    ------
    Refused
        If the limit is negative.
    """

    variables = (
        Variable("accepted", "bonds", "bonds promised for which there is a lender"),
        Variable("house_collected_now", "goods", "received from lenders at date 0"),
        Variable("house_paid_now", "goods", "paid to borrowers at date 0"),
        Variable("balance_now", "goods", "collected less paid at date 0; zero"),
        Variable("goods_excess_now", "goods", "consumption less endowment at date 0"),
        Variable(
            "house_collected[{node}]", "goods", "paid by borrowers, or seized from them, at date 1"
        ),
        Variable("house_paid[{node}]", "goods", "paid to lenders at date 1"),
        Variable("balance[{node}]", "goods", "collected less paid at date 1; zero"),
        Variable("goods_excess[{node}]", "goods", "consumption less endowment at date 1"),
        Variable("walras", "share", "violation of Walras' law as a share of what there is; zero"),
    )

    def __init__(
        self, model: mesa.Model, instruments: BondAndEquities, short_limit: float = math.inf
    ) -> None:
        if not short_limit >= 0.0:
            raise Refused(f"short_limit is {short_limit}; it must be at least 0")
        super().__init__(model)
        self.instruments = instruments
        self.short_limit = short_limit

    def charge(self, quotes: Mapping[str, float]) -> float:
        """The short limit, announced before anybody trades."""
        return self.short_limit

    def settle(self, posted: BondQuotes, book: BondBook) -> BondSettlement:
        r"""Match lenders with borrowers, collect, seize, and pay pro rata.

        1. Accept :math:`a = \min(L, P)` bonds of those bought and promised.
        2. At date 0 pass :math:`q_b a` from lenders to borrowers.
        3. At date 1 collect :math:`\min\{z^-, w_s + Y_s(\delta + z_e)\}` from each accepted
           borrower, and pay :math:`r_s a` to lenders, with :math:`r_s` the realised rate of
           equation (4).
        """
        accepted = min(book.lent, book.promised)
        share = accepted / book.promised if book.promised > 0.0 else 0.0
        goods_now = book.consumed_now - book.endowed_now
        goods_later = book.consumed_later - book.endowed_later
        cost = posted.bond_price * (book.lent - book.promised)
        cost += float(posted.equity_prices @ book.equities)
        pays = posted.repayment_rates * book.lent - book.repaid
        pays += self.instruments.payoffs @ book.equities
        violation = np.append(
            abs(goods_now + cost) / book.endowed_now,
            np.abs(goods_later - pays) / book.endowed_later,
        )
        return BondSettlement(
            instruments=self.instruments,
            accepted=accepted,
            paid_out=posted.bond_price * share * book.promised,
            collected_now=posted.bond_price * accepted,
            collected=share * book.repaid,
            distributed=book.recovery * accepted,
            goods_now=goods_now,
            goods_later=goods_later,
            walras=float(np.max(violation)),
        )

    def redundant(self, posted: BondQuotes, book: BondBook) -> Mapping[str, float]:
        """Excess demand for goods at date 0 and in every state, as a share of the goods there are.

        Consumption less endowment, from the members' own consumption: condition (iii) of
        Definition 1, and its counterpart at date 0. Each market trades one good, whose price
        cancels, so that the share is one in value too. Where nobody may borrow the bond is not
        traded, and these shares are still well defined.
        """
        later = (book.consumed_later - book.endowed_later) / book.endowed_later
        shares = {"goods now": (book.consumed_now - book.endowed_now) / book.endowed_now}
        for name, share in zip(self.instruments.state_names, later, strict=True):
            shares[numbered("goods later", name)] = float(share)
        return shares
