r"""Members of a clearing house: they pay what they can, and survivors buy what defaulters leave.

At a date with settlement prices :math:`p^-` before it, member i with positions x (long or short),
cash c, income y, initial margin m and fund contribution f at the house, own securities s, and debts
:math:`L_{ij}` to others has

.. math::

   g_i &= x_i \cdot (p - p^-), \qquad M_i = |x_i| \cdot \mu, \qquad F_i = F M_i / \sum_j M_j, \\
   d_i &= g_i^- + (M_i - m_i)^+ + (F_i - f_i)^+ + \alpha \kappa F_i + \sum_j L_{ij}, \\
   b_i &= c_i + y_i + \gamma g_i^+ + (m_i - M_i)^+ + (f_i - F_i)^+ + \sum_j r_j L_{ji} .

It first pays out of b, then sells of its own securities as much as it must. If all of it does not
suffice, it defaults: it pays what it has (of its cash and income a share :math:`\theta_c` and of
all other a share :math:`\theta_b` where default has costs), the same share :math:`r_i` of all that
it owes, and its positions are sold. Survivors with appetite a would buy :math:`a \ln (v / p)`.

Sources: Eisenberg and Noe (2001), Rogers and Veraart (2013) for the costs of default, Cifuentes,
Ferrucci and Shin (2005) for sales that move the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mesa
import numpy as np
import pandas as pd

from agents.cohort import Cohort, rows_shown
from markets.quote import BoolArray, FloatArray
from markets.refused import Refused
from markets.variable import Variable
from markets.waterfall.quotes import WaterfallBook, WaterfallQuotes, WaterfallTerms

NETS = 1e-9
"""Largest net position of all members, as a share of the long ones, that is rounding."""

SHORT_OF = 1e-12
"""Shortfall, as a share of what is due, that is rounding and no default."""

VARIABLES = (
    Variable("name", "", "name of the member", key=True),
    Variable("status", "", "solvent, called, defaulted at this date, or closed out before"),
    Variable("wealth", "cash", "cash, margin, fund and own securities after the date"),
    Variable("profit", "cash", "wealth after the date minus before, at the prices of each"),
    Variable("call", "cash", "all that is due at the date, debts to other members included"),
    Variable("paid", "cash", "what is paid of it"),
    Variable("repaid", "share", "share of what is due that is paid"),
    Variable("variation_margin", "cash", "move of the prices on the position"),
    Variable("margin_due", "cash", "initial margin required"),
    Variable("fund_due", "cash", "contribution to the default fund required"),
    Variable("debts", "cash", "owed to other members bilaterally"),
    Variable("received", "cash", "received from other members bilaterally"),
    Variable("income", "cash", "cash that arrives at the date"),
    Variable("own_margin_used", "cash", "own unpaid loss that own initial margin covers"),
    Variable("own_fund_used", "cash", "own unpaid loss that own fund contribution covers"),
    Variable("uncovered", "cash", "own unpaid loss beyond these, which others bear"),
    Variable("assessed", "cash", "assessment paid for others' losses"),
    Variable("fund_used", "cash", "own contribution used up by others' losses"),
    Variable("gains_cut", "cash", "gains not paid because of others' losses"),
    Variable("house_fund", "cash", "default fund that all together must hold"),
    Variable("house_capital", "cash", "the house's capital before the date"),
    Variable("cash_before", "cash", "free cash before the date"),
    Variable("margin_before", "cash", "initial margin at the house before the date"),
    Variable("fund_before", "cash", "fund contribution at the house before the date"),
    Variable("cash", "cash", "free cash after the date"),
    Variable("margin", "cash", "initial margin at the house after the date"),
    Variable("fund", "cash", "fund contribution at the house after the date"),
    Variable("price_before[{instrument}]", "cash per security", "price of {instrument} before"),
    Variable("value[{instrument}]", "cash per security", "what {instrument} is worth"),
    Variable("margin_rate[{instrument}]", "cash per security", "margin on a position in it of one"),
    Variable("position_before[{instrument}]", "securities", "position before, long above zero"),
    Variable("owned_before[{instrument}]", "securities", "own {instrument} before"),
    Variable("appetite[{instrument}]", "securities", "bought if the log price fell by one"),
    Variable("position[{instrument}]", "securities", "position after the date"),
    Variable("owned[{instrument}]", "securities", "own {instrument} after the date"),
)
"""Columns of the tables of members and outside investors."""


@dataclass(frozen=True, slots=True)
class Account:
    """What members have at the start of a date; arrays with one row per member.

    Attributes
    ----------
    position, owned : array of shape (n, K)
        Cleared positions, long or short, and securities of their own.
    cash, margin, fund : array of shape (n,)
        Free cash, and what the house holds of theirs.
    alive : array of shape (n,)
        Whether the member has not defaulted before.
    """

    position: FloatArray
    owned: FloatArray
    cash: FloatArray
    margin: FloatArray
    fund: FloatArray
    alive: BoolArray


class Payments(NamedTuple):
    """What members owe, have and pay at posted quotes, arrays of shape (n,) unless said.

    ``move`` is variation margin, ``margin_due`` and ``fund_due`` what the house must hold,
    ``due`` everything owed, ``budget`` what there is to pay it with but own securities, ``sold``
    (n, K) of those, ``repaid`` the share of ``due`` that is paid, ``default`` who fails, ``debts``
    what is owed to other members and ``received`` from them, ``cap`` the most that can be assessed.
    """

    move: FloatArray
    margin_due: FloatArray
    fund_due: FloatArray
    due: FloatArray
    budget: FloatArray
    sold: FloatArray
    repaid: FloatArray
    default: BoolArray
    debts: FloatArray
    received: FloatArray
    cap: FloatArray


class Unpaid(NamedTuple):
    """Losses that defaulters leave unpaid, by what covers them; arrays of shape (n,).

    ``margin`` and ``fund`` are what their own initial margin and contribution cover, ``beyond``
    what these don't; ``estate`` is what is left of margin and contribution, calls paid included.
    """

    margin: FloatArray
    fund: FloatArray
    beyond: FloatArray
    estate: FloatArray


class Closed(NamedTuple):
    """What the house tells those who take part when a date is over.

    ``taken`` are the positions closed out, and ``bought`` the own securities that members sold,
    over all appetite, shape (K,): what each gets per unit of its own. ``fund_used`` is the share of
    survivors' contributions that losses used up.
    """

    taken: FloatArray
    bought: FloatArray
    fund_used: float


class Members(Cohort[WaterfallTerms, WaterfallQuotes, WaterfallBook, Closed]):
    """The members of a clearing house.

    Parameters
    ----------
    model : mesa.Model
        The economy; its market is a :class:`markets.waterfall.market.WaterfallMarket`.
    name : str
        Name of the cohort in records.
    position : array of shape (n, K)
        Cleared positions, positive long; each column adds up to zero.
    cash : array of shape (n,)
        Free cash, beyond initial margin and fund contribution.
    income : array of shape (n,)
        Cash that arrives at each date.
    appetite : array of shape (n, K)
        Securities that a member would buy if the log price fell by one.
    owned : array of shape (n, K), optional
        Securities of their own, which they sell to meet calls; none unless given.
    debts : array of shape (n, n), optional
        What each member (row) owes each other one (column) at the first date; none unless given.
    assessment_cap : float
        Most that can be assessed, as a multiple of the contribution to the fund.
    recovered_cash, recovered_inflow : float
        Shares of its cash and income, and of what else it receives, that a defaulter pays out.
    names : sequence of str, optional
        Names of the members.

    Raises
    ------
    Refused
        If positions do not net to zero, an amount is negative, not finite or of the wrong size, or
        some have securities of their own and some an appetite.
    """

    variables = VARIABLES

    def __init__(
        self,
        model: mesa.Model,
        name: str = "members",
        *,
        position: FloatArray,
        cash: FloatArray,
        income: FloatArray,
        appetite: FloatArray,
        owned: FloatArray | None = None,
        debts: FloatArray | None = None,
        assessment_cap: float = 1.0,
        recovered_cash: float = 1.0,
        recovered_inflow: float = 1.0,
        names: Sequence[str] | None = None,
    ) -> None:
        position = np.atleast_2d(np.asarray(position, dtype=np.float64))
        members, securities = position.shape
        super().__init__(model, name, members)
        self.names = names
        own = np.zeros_like(position) if owned is None else owned
        self.income = _amounts("income", income, (members,))
        self.appetite = _amounts("appetite", appetite, (members, securities))
        self.debts = None if debts is None else _amounts("debts", debts, (members, members))
        if self.debts is not None and np.any(np.diag(self.debts) > 0.0):
            raise Refused("debts has an entry on its diagonal; nobody owes itself anything")
        net = position.sum(axis=0)
        long = np.maximum(position, 0.0).sum(axis=0)
        for k in np.flatnonzero(~(np.abs(net) <= NETS * long) | ~np.isfinite(net)):
            raise Refused(
                f"positions in security {k + 1} add up to {net[k]:g}; those of all members must"
                " net to zero"
            )
        if np.any(own) and self.appetite.any():
            raise Refused(
                "owned securities are sold to investors outside the house only; where members own"
                " some, appetite must be 0 for all, and outside above 0"
            )
        for what, value in (("recovered_cash", recovered_cash),
                            ("recovered_inflow", recovered_inflow)):  # fmt: skip
            if not 0.0 <= value <= 1.0:
                raise Refused(f"{what} is {value}; it must lie in [0, 1]")
        if not assessment_cap >= 0.0:
            raise Refused(f"assessment_cap is {assessment_cap}; it must be at least 0")
        self.assessment_cap = assessment_cap
        self.recovered_cash, self.recovered_inflow = recovered_cash, recovered_inflow
        nothing = np.zeros(members)
        self.account = Account(
            position, _amounts("owned", own, (members, securities)),
            _amounts("cash", cash, (members,)), nothing, nothing, np.ones(members, dtype=np.bool_),
        )  # fmt: skip
        self.start = self.account
        self.held: tuple[WaterfallQuotes, Payments, Closed] | None = None

    # ------------------------------------------------------------------ what the house asks
    def margin_due(self, margin: FloatArray) -> FloatArray:
        """Initial margin on the positions, at so much for a position of one, shape (n,)."""
        return np.abs(self.account.position) @ margin

    def losses_under(self, moves: FloatArray, margin: FloatArray) -> FloatArray:
        """Losses beyond initial margin under stress, shape (scenarios, n).

        Parameters
        ----------
        moves : array of shape (scenarios, K)
            Moves of the prices, cash.
        margin : array of shape (K,)
            Initial margin on a position of one.
        """
        lost, held = -(moves @ self.account.position.T), self.margin_due(margin)
        beyond = np.maximum(lost - held, 0.0)
        return np.where(beyond > SHORT_OF * held, beyond, 0.0)

    def wake(self, date: int, terms: WaterfallTerms) -> None:
        """Begin a date; before the first one margin and contributions have been paid in."""
        if date == 1:
            margin = self.margin_due(terms.margin)
            fund = terms.fund * _share_of(margin)
            self.account = Account(
                self.start.position, self.start.owned, self.start.cash, margin, fund,
                self.start.alive,
            )  # fmt: skip

    # ------------------------------------------------------------------ the decision
    def pay(self, posted: WaterfallQuotes) -> Payments:
        """What every member owes, has and pays at the posted quotes (changes nothing)."""
        terms, has = posted.terms, self.account
        alive = has.alive.astype(np.float64)
        move = has.position @ (posted.price - terms.before)
        margin_due = self.margin_due(terms.margin)
        fund_due = terms.fund * _share_of(margin_due)
        cap = self.assessment_cap * fund_due * alive
        debts = received = np.zeros(self.members)
        if self.debts is not None:
            debts, received = self.debts.sum(axis=1), posted.repaid @ self.debts
        due = np.maximum(-move, 0.0) + np.maximum(margin_due - has.margin, 0.0)
        due = due + np.maximum(fund_due - has.fund, 0.0) + posted.assessed * cap + debts
        own = has.cash + alive * self.income
        inflow = posted.gains_paid * np.maximum(move, 0.0) + received
        inflow = inflow + np.maximum(has.margin - margin_due, 0.0)
        inflow = inflow + np.maximum(has.fund - fund_due, 0.0)
        budget = own + inflow
        worth = has.owned @ posted.price
        short = np.maximum(due - budget, 0.0)
        part = np.divide(short, worth, out=np.zeros_like(short), where=worth > 0.0)
        default = has.alive & (short - worth > SHORT_OF * due)
        part = np.where(default & (worth > 0.0), 1.0, np.minimum(part, 1.0))
        estate = self.recovered_cash * own + self.recovered_inflow * (inflow + worth)
        paid = np.where(default, np.minimum(estate, due), due)
        repaid = np.divide(paid, due, out=np.ones_like(due), where=due > 0.0)
        return Payments(
            move, margin_due, fund_due, due, budget, part[:, None] * has.owned, repaid, default,
            debts, received, cap,
        )  # fmt: skip

    def respond(self, posted: WaterfallQuotes) -> WaterfallBook:
        """Payments, sales and appetites of all members (changes nothing)."""
        has, paid = self.account, self.pay(posted)
        survives = has.alive & ~paid.default
        closed = has.position[paid.default].sum(axis=0)
        lost = np.maximum(-paid.move, 0.0)
        owed, covered = paid.due - paid.debts, self.unpaid(paid)
        return WaterfallBook(
            closed=closed,
            sold=closed + paid.sold.sum(axis=0),
            appetite=self.appetite[survives].sum(axis=0),
            open_interest=np.maximum(has.position, 0.0).sum(axis=0) + has.owned.sum(axis=0),
            gains=float(np.maximum(paid.move, 0.0).sum()),
            losses=float(lost.sum()),
            losses_paid=float(paid.repaid @ lost),
            due=float(owed.sum()),
            paid=float(paid.repaid @ owed),
            own_margin=float(covered.margin.sum()),
            own_fund=float(covered.fund.sum()),
            uncovered=float(covered.beyond.sum()),
            fund=float(paid.fund_due[survives].sum()),
            assessable=float(paid.repaid @ paid.cap),
            repaid=paid.repaid if self.debts is not None else np.zeros(0),
            defaulted=float(paid.default.sum()),
            alive=float(survives.sum()),
        )

    def unpaid(self, paid: Payments) -> Unpaid:
        """What covers the losses that defaulters leave unpaid."""
        has = self.account
        loss = np.where(paid.default, (1.0 - paid.repaid) * np.maximum(-paid.move, 0.0), 0.0)
        margin, fund = (
            np.where(due > had, had + paid.repaid * (due - had), due)
            for had, due in ((has.margin, paid.margin_due), (has.fund, paid.fund_due))
        )
        by_margin = np.minimum(loss, margin)
        by_fund = np.minimum(loss - by_margin, fund)
        estate = (margin - by_margin) + (fund - by_fund)
        return Unpaid(by_margin, by_fund, (loss - by_margin) - by_fund, estate)

    def failing(self, terms: WaterfallTerms) -> tuple[FloatArray, FloatArray]:
        """What is sold if all fail who lose by the news or owe anything, and others' appetite."""
        has = self.account
        fails = has.position @ (terms.value - terms.before) < 0.0
        if self.debts is not None:
            fails |= self.debts.any(axis=1)
        sold = (has.position + has.owned)[fails].sum(axis=0)
        return sold, self.appetite[has.alive & ~fails].sum(axis=0)

    # ------------------------------------------------------------------ positions
    def hold(self, posted: WaterfallQuotes, placed: Closed) -> None:
        """Pay what is due at the posted quotes; survivors take what defaulters leave."""
        self.held = posted, self.pay(posted), placed

    def after(self) -> Account:
        """What everybody has after the payments (changes nothing).

        Survivors: what is left of the budget and of sales; the margin and the contribution that
        are due, less what losses used up; their share of the positions that were closed out.
        Defaulters: nothing but what the house held beyond their losses.
        """
        assert self.held is not None
        posted, paid, placed = self.held
        has, failed = self.account, paid.default
        survives = has.alive & ~failed
        cash = paid.budget + paid.sold @ posted.price - paid.due
        taken = self.appetite * placed.taken
        return Account(
            position=np.where(survives[:, None], has.position + taken, 0.0),
            owned=has.owned - paid.sold,
            cash=np.where(failed, self.unpaid(paid).estate, cash),
            margin=np.where(survives, paid.margin_due, 0.0),
            fund=np.where(survives, (1.0 - placed.fund_used) * paid.fund_due, 0.0),
            alive=survives,
        )

    def carry(self) -> None:
        """Begin the next date with what is left; debts to each other have been settled."""
        self.account = self.after()
        if self.debts is not None:
            self.debts = np.zeros_like(self.debts)
        self.held = None

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Accounts before and after, what was due and paid, one row per member.

        ``status`` is ``solvent``, ``called`` if something was due, ``defaulted`` at this date, or
        ``closed out`` at an earlier one.
        """
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        posted, paid, placed = self.held
        has, left, unpaid = self.account, self.after(), self.unpaid(paid)
        rows = rows_shown(self.members, limit, [])
        status = np.select(
            [~has.alive, paid.default, paid.due > 0.0], ["closed out", "defaulted", "called"],
            "solvent",
        )  # fmt: skip
        before = has.cash + has.margin + has.fund + has.owned @ posted.terms.before
        wealth = left.cash + left.margin + left.fund + left.owned @ posted.price
        columns: dict[str, object] = {
            "cohort": self.name,
            "member": rows,
            "status": status[rows],
            "wealth": wealth[rows],
            "profit": (wealth - before)[rows],
            "call": paid.due[rows],
            "paid": (paid.repaid * paid.due)[rows],
            "repaid": paid.repaid[rows],
            "variation_margin": paid.move[rows],
            "margin_due": paid.margin_due[rows],
            "fund_due": paid.fund_due[rows],
            "debts": paid.debts[rows],
            "received": paid.received[rows],
            "income": np.where(has.alive, self.income, 0.0)[rows],
            "own_margin_used": unpaid.margin[rows],
            "own_fund_used": unpaid.fund[rows],
            "uncovered": unpaid.beyond[rows],
            "assessed": (paid.repaid * posted.assessed * paid.cap)[rows],
            "fund_used": np.where(left.alive, placed.fund_used * paid.fund_due, 0.0)[rows],
            "gains_cut": ((1.0 - posted.gains_paid) * np.maximum(paid.move, 0.0))[rows],
            "house_fund": posted.terms.fund,
            "house_capital": posted.terms.capital,
            "cash_before": has.cash[rows],
            "margin_before": has.margin[rows],
            "fund_before": has.fund[rows],
            "cash": left.cash[rows],
            "margin": left.margin[rows],
            "fund": left.fund[rows],
        }
        for k, security in enumerate(posted.securities):
            columns |= {
                f"price_before[{security}]": posted.terms.before[k],
                f"value[{security}]": posted.terms.value[k],
                f"margin_rate[{security}]": posted.terms.margin[k],
                f"position_before[{security}]": has.position[rows, k],
                f"owned_before[{security}]": has.owned[rows, k],
                f"appetite[{security}]": self.appetite[rows, k],
                f"position[{security}]": left.position[rows, k],
                f"owned[{security}]": left.owned[rows, k],
            }
        table = pd.DataFrame(columns)
        if self.names is not None:
            table.insert(1, "name", [self.names[row] for row in rows])
        return table


def _share_of(margin: FloatArray) -> FloatArray:
    """Each one's share of all margin; nothing where there is none."""
    total = float(margin.sum())
    return margin / total if total > 0.0 else np.zeros_like(margin)


def _amounts(name: str, value: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Amounts of at least 0, of the right shape."""
    field = np.asarray(value, dtype=np.float64)
    if field.shape != shape:
        raise Refused(f"{name} has shape {list(field.shape)}; it must have {list(shape)}")
    wrong = field[~(np.isfinite(field) & (field >= 0.0))]
    if wrong.size:
        raise Refused(f"{name} contains {wrong[0]}; it must be a finite number of at least 0")
    return field
