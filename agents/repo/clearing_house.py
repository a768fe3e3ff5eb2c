r"""A clearing house for repo: it charges margin to both sides and reinvests the margin it holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import mesa

from agents.clearing_house import ClearingHouse
from agents.cohort import Cohort
from agents.repo.carried import GainsPaid, Paid
from agents.repo.traders import Traders
from markets.margin import MarginRule, PostedMargin
from markets.quote import FloatArray
from markets.refused import Infeasible, Refused
from markets.repo.book import RepoBook
from markets.repo.quotes import NO_MARGIN, RepoQuotes
from markets.variable import Variable

CARRY_NEEDS_REUSE = (
    "where collateral is not reused nobody is short, so there are no"
    " gains out of which what a long can't pay could be met"
)


@dataclass(frozen=True, slots=True)
class RepoSettlement:
    r"""What the clearing house accepts of a netted book, and its accounts on it.

    Orders that find no counterpart are not accepted: the longer side of the repo book is scaled
    down until :math:`(2 - h) \Theta = h \Psi`. So the accounts are zero by what was accepted in
    every round, whether or not the markets have cleared.

    Attributes
    ----------
    repo_excess : float
        (2 - h) theta less h psi before scaling down: repo lending that finds no borrower, in
        securities; lending of idle cash is not counted. Below zero, securities are offered as
        collateral that nobody needs to borrow; at a zero repo rate nobody minds.
    idle_cash_excess : float
        Cash that traders keep if they hold no more repo than their positions need, less the cash
        there is: the redundant market of Walras' law.
    walras : float
        Value of all three excess demands, as a share of wealth and of the value of all
        positions; zero.
    margin_held : float
        Margin of both sides on the accepted book, cash.
    reinvested : float
        Securities that the house has borrowed against that margin (Theta^EX).
    balance_now, balance_up, balance_down : float
        Cash received less cash paid, at date 0 and in both states of date 1; zero.
    balance_collateral : float
        Securities received less securities passed on or held against margin; zero.
    """

    repo_excess: float
    idle_cash_excess: float
    walras: float
    margin_held: float
    reinvested: float
    balance_now: float
    balance_up: float
    balance_down: float
    balance_collateral: float

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class LinkedRepoSettlement(RepoSettlement):
    """The settlement where dates are linked, with what was settled of the move since the last.

    Attributes
    ----------
    gains_paid : float
        Share that is paid of what members gain on the positions they carried.
    unpaid : float
        What defaulters leave unpaid of what they lose, cash; gains are paid so much less.
    balance_carried : float
        Wealth of all members once calls are settled less cash and securities that there are at the
        first date, at the posted price; zero, unless more is unpaid than all gains.
    """

    gains_paid: float
    unpaid: float
    balance_carried: float


class RepoClearingHouse(ClearingHouse[PostedMargin, RepoQuotes, RepoBook, RepoBook, float]):
    """A clearing house that stands between longs and shorts in repo.

    One haircut is for all: with different ones a security in repo would cost different traders
    different amounts, and the market has one repo rate for everybody.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    margin : MarginRule
        The rule it charges margin by, the same to longs and shorts.
    every_round : bool, optional
        Whether the rule is asked in every round at the posted price, or once per date at the last
        close; as the rule itself says unless given.
    history : array of shape (n,), optional
        Closing prices before the first date, the oldest first. Rules read returns: the prices are
        scaled so that the last is the price from which the rounds start.
    """

    variables = (
        Variable(
            "repo_excess", "securities", "repo lending, reinvested margin included, less borrowing"
        ),
        Variable("idle_cash_excess", "cash", "cash kept less cash there is: the redundant market"),
        Variable("walras", "share", "violation of Walras' law as a share of what there is; zero"),
        Variable("margin_held", "cash", "margin of both sides on the accepted book"),
        Variable("reinvested", "securities", "borrowed by the house against the margin it holds"),
        Variable("balance_now", "cash", "received less paid by the house at date 0; zero"),
        Variable(
            "balance_up", "cash", "received less paid at date 1 in state U, of the low payoff; zero"
        ),
        Variable(
            "balance_down",
            "cash",
            "received less paid at date 1 in state D, of the high payoff; zero",
        ),
        Variable("balance_collateral", "securities", "received less passed on or held; zero"),
        Variable("gains_paid", "share", "gains on positions carried that are paid"),
        Variable("unpaid", "cash", "losses that defaulters leave unpaid"),
        Variable("balance_carried", "cash", "wealth of all less what there is; zero"),
    )

    def __init__(
        self,
        model: mesa.Model,
        margin: MarginRule,
        *,
        every_round: bool | None = None,
        history: FloatArray | None = None,
    ) -> None:
        super().__init__(model)
        self.margin = margin
        self.every_round = every_round
        self.history = history
        self.posted: PostedMargin | None = None
        self.gains: tuple[float, GainsPaid] | None = None

    def wake(self, date: int) -> None:
        """Begin a date; where positions were carried, say what is paid of gains on them.

        Raises
        ------
        Refused
            If positions can't be carried.
        """
        super().wake(date)
        if not self.linked:
            return
        cohorts = [agent for agent in self.model.agents if isinstance(agent, Cohort)]
        traders = sorted(
            (cohort for cohort in cohorts if isinstance(cohort, Traders)), key=lambda c: c.name
        )
        if len(traders) < len(cohorts):
            raise Refused("dates are linked; members on several machines can't carry positions")
        carried = [c.primitives.carried for c in traders if c.primitives.carried is not None]
        if not carried:
            return
        gains = GainsPaid(carried)
        self.gains = carried[0].price, gains
        for cohort in traders:
            cohort.told(gains)

    def carry(self, posted: RepoQuotes, book: RepoBook) -> None:
        """Close a date whose positions are carried.

        Raises
        ------
        Refused
            If collateral is not reused.
        """
        if not posted.reuse:
            raise Refused(f"dates are linked: {CARRY_NEEDS_REUSE}")

    def charge(self, quotes: Mapping[str, float]) -> PostedMargin:
        """The margin of this date."""
        price = quotes["security_price"]
        if self.posted is None:
            self.posted = PostedMargin.opened(self.margin, price, self.history)
        elif self.after_another:
            self.posted = self.posted.closed_at(price)
        self.posted = replace(self.posted, rule=self.margin, every_round=self.every_round)
        haircut = self.posted.haircut(price)  # a rule that fails is told before the rounds
        if self.linked and not haircut > NO_MARGIN:
            raise Infeasible(
                f"the haircut is {haircut}; where positions are carried it must be above 0, since"
                " nobody is called for margin without it"
            )
        return self.posted

    def misses(self, posted: RepoQuotes) -> Mapping[str, float]:
        """Haircut charged less the one that the rule asks for at the price of this date."""
        assert self.posted is not None
        asked = self.posted.asked if self.posted.follows else self.posted.haircut
        return {"haircut": posted.haircut - asked(posted.price)}

    def settle(self, posted: RepoQuotes, book: RepoBook) -> RepoSettlement:
        r"""Accept what is matched, charge margin and reinvest it, and draw up the accounts.

        1. Scale down the longer side of the repo book.
        2. Charge margin :math:`(1-h) q (\Theta + \Psi)` and lend it in repo, which takes
           :math:`\Theta^{EX} = (1-h)(\Theta + \Psi)` securities as collateral.
           Where collateral is not reused, lenders are those with idle cash, who do not mind.
        3. Add up what lenders, borrowers and the reinvestment bring and take, now and in both
           states; solvency of every trader makes the states alike.
        """
        price, loan, rate = posted.price, 1.0 - posted.haircut, 1.0 + posted.repo_rate
        repo_excess = (2.0 - loan) * book.shorts - loan * book.longs
        lending, borrowing = book.shorts, book.longs
        if not posted.reuse:
            lending = max(min(loan * book.longs, book.idle_cash / price), 0.0) / (2.0 - loan)
            borrowing = (2.0 - loan) * lending / loan
        elif repo_excess > 0.0:
            lending = loan * borrowing / (2.0 - loan)
        elif loan > 0.0:
            borrowing = (2.0 - loan) * lending / loan
        margin_held = posted.haircut * price * (lending + borrowing)
        reinvested = margin_held / price
        from_lenders, to_borrowers = price * lending, price * borrowing
        lent_by_house = price * reinvested
        now = math.fsum([from_lenders, margin_held, -to_borrowers])
        later = math.fsum(
            [
                -rate * (from_lenders + posted.haircut * price * lending),
                rate * (to_borrowers - posted.haircut * price * borrowing),
            ]
        )
        turnover = book.cash + price * (book.supply + book.longs + book.shorts)
        idle_excess = book.idle_cash - book.cash
        excess = book.longs - book.shorts - book.supply
        settlement = RepoSettlement(
            repo_excess=repo_excess,
            idle_cash_excess=idle_excess,
            walras=(price * (excess + repo_excess) + idle_excess) / turnover,
            margin_held=margin_held,
            reinvested=reinvested,
            balance_now=now,
            balance_up=later,
            balance_down=later,
            balance_collateral=math.fsum([borrowing, -lending, -lent_by_house / price]),
        )
        if not self.linked:
            return settlement
        paid = Paid() if self.gains is None else self.gains[1].after(price - self.gains[0])
        margin = posted.haircut * price * (book.longs + book.shorts)
        owned = book.cash + price * book.supply
        return LinkedRepoSettlement(
            **settlement.accounts(),
            gains_paid=paid.share,
            unpaid=paid.unpaid,
            balance_carried=math.fsum([book.idle_cash, margin, -owned]),
        )

    def place(self, posted: RepoQuotes, book: RepoBook) -> float:
        """Share of idle cash to place in repo, so that the cash kept is the cash there is.

        Only where the repo rate is zero, since there traders do not mind: 1 - E_x / X.
        """
        if posted.special or book.idle_cash <= book.cash:
            return 0.0
        return 1.0 - book.cash / book.idle_cash

    def redundant(self, posted: RepoQuotes, book: RepoBook) -> Mapping[str, float]:
        """Idle cash less the cash there is; where the repo rate is zero, what repo takes of it.

        At a zero repo rate traders do not mind lending idle cash in repo, so cash clears as long as
        there is no more to hold than they would.
        """
        idle = book.idle_cash - book.cash
        if not posted.special:
            idle = min(idle, 0.0)
        return {"cash": idle / (book.cash + posted.price * book.supply)}
