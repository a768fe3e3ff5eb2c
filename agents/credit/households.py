r"""Households that borrow against durable goods and choose, debt by debt, how to end it.

With linear utility orders jump when a quote crosses a reservation price, and rounds of plain best
responses oscillate for ever. These households have inertia: each holds a plan, and answers the
quotes with the plan that is best for it after a small cost of moving,
:math:`\lVert z - \hat z\rVert^2 / 2\tau`. Where quotes and plans no longer move, the cost is zero
and the plan is a best response outright. The cost is counted in money: :math:`\tau` of a part is
the cohort's inertia over what money is worth to the member at the node where the part is decided,
so that the pull is felt alike where marginal utilities differ by many orders. Read as mathematics,
a round is a step of the primal-dual hybrid gradient method of Chambolle and Pock (J. Math. Imaging
Vision 40, 2011), with quotes as dual variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import mesa
import numpy as np
import pandas as pd

from agents.cohort import Cohort
from agents.credit.auction import Schedule
from agents.credit.inertia import Answer, Tastes, respond
from agents.credit.interior import Interior, Programs
from agents.credit.mixing import Memory
from agents.credit.plan import Plan
from markets.credit.quotes import CreditQuotes, NearbyQuotes
from markets.quote import FloatArray
from markets.variable import Variable

INERTIA = 2.0
"""τ: share of wealth by which a part of a plan moves for a return of 100% on its price."""


Holding = tuple[FloatArray, FloatArray]
"""Plans, and the prices of budgets and consumption at which they were best."""

REVISION = 16.0
"""Largest factor by which households change their minds at once about what money is worth."""


LEAST_WORTH = 1e-12
"""Share of what money was worth before an auction that it is worth at least after it."""


LEAST_UNLIKED = 0.1
"""Share of what money was first thought to be worth that it is worth at least at a node where a
member likes nothing: if nothing can be carried on from there, it is worth nothing."""


@dataclass(frozen=True, slots=True)
class HouseholdOrders:
    """Orders of a cohort, added up over its members.

    Attributes
    ----------
    plan : array (size,)
        Sum of the plans.
    goods : array (D, L)
        Consumption less endowment and what is left of earlier consumption.
    unrest : float
        Largest distance by which a member moves its plan, or would move it if the cost of moving
        was counted in what money is worth now, as a share of its wealth.
    """

    plan: FloatArray
    goods: FloatArray
    unrest: float


class Households(Cohort[bool, CreditQuotes, HouseholdOrders, None]):
    """A cohort of households on one event tree.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort.
    plan : Plan
        Where the parts of a plan are.
    households : sequence of str
        Names of the members.
    endowment : array (H, D, L)
        Goods that each receives at each node.
    weights : array (H, D, L)
        Weights of consumption in utility.
    aversion : array (H,) or (H, L)
        Relative risk aversion, by good where it differs: 0 linear, 1 logarithmic.
    inertia : float
        How reluctantly plans move, see the module.
    """

    variables = (
        Variable("household", "", "name of the household", key=True),
        Variable("part", "", "part of its plan, for instance what is consumed or lent", key=True),
        Variable("node", "", "node of the event tree", key=True),
        Variable("instrument", "", "good or contract", key=True),
        Variable("amount", "units", "how much of it the plan says"),
        Variable("endowed", "units", "received of the good at the node"),
        Variable("weight", "number", "weight of the good at the node in utility"),
        Variable("risk_aversion", "number", "relative risk aversion; zero where utility is linear"),
    )

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        plan: Plan,
        *,
        households: Sequence[str],
        endowment: FloatArray,
        weights: FloatArray,
        aversion: FloatArray,
        inertia: float = INERTIA,
    ) -> None:
        super().__init__(model, name, len(households))
        self.memory = Memory()
        self.households, self.plan, self.inertia = tuple(households), plan, inertia
        self.endowment = endowment
        market = plan.market
        autarky = market.tree.autarky(endowment)
        self.wealth = np.asarray(np.sum(autarky, axis=0))
        self.curvature = float(np.mean(np.minimum(aversion, 1.0)))
        size = float(np.mean(np.sum(market.starting_prices * self.wealth, axis=1))) / self.members
        self.scale = size / self.plan.units
        if aversion.ndim == 2:  # the same at all nodes
            aversion = np.tile(aversion, (1, len(market.starting_prices)))
        self.tastes = Tastes(weights.reshape(self.members, -1), aversion)
        self._scaled = self._own_units(autarky.reshape(self.members, -1), size)
        self.plans = np.zeros((self.members, self.plan.size))
        self.plans[:, self.plan.parts["x"].ravel()] = autarky.reshape(self.members, -1)
        self._prices = np.hstack(
            [
                np.ones((self.members, self.plan.rows)),
                self._scaled.marginal(np.maximum(autarky.reshape(self.members, -1), 1e-3 * size)),
            ]
        )
        self._size = size
        self._worth = self._own_worth(autarky.reshape(self.members, -1))
        liked = np.any(weights > 0.0, axis=2)
        self._least_worth = np.where(liked, 1e-300, LEAST_UNLIKED * self._worth)
        self._answers: list[tuple[CreditQuotes, Answer]] = []

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: CreditQuotes) -> HouseholdOrders:
        """Best response of every member, moving from the plan that it holds."""
        answer = self._best(posted)
        self._answers.append((posted, answer))
        plans = answer.plans * self.scale
        total = np.sum(plans, axis=0)
        stale = np.maximum(self._worth / self._worth_now(answer.prices), 1.0)
        stale = stale[:, self.plan.nodes_of_parts]
        unrest = float(np.max(stale * np.abs(plans - self.plans) / self.scale))
        return HouseholdOrders(total, self._goods(total), unrest)

    def remember(self, posted: CreditQuotes) -> None:
        """Hold the plan ordered at the quotes of the round, from which the next round moves."""
        answer = next(answer for asked, answer in self._answers if asked is posted)
        self.plans, self._prices = answer.plans * self.scale, answer.prices
        self._answers.clear()

    def hold(self, posted: CreditQuotes, placed: None) -> None:
        """Keep what is worth nothing, so that markets of worthless securities clear too.

        Where a security costs nothing it pays nothing, and nobody minds holding it: the lender
        keeps what it would give away (Iraola and Torres-Martinez, end of the existence proof).
        """
        parts = self.plan.parts
        issued_free = np.flatnonzero(posted.price == 0.0)
        self.plans[:, parts["lent"][issued_free]] = self.plans[:, parts["borrowed"][issued_free]]
        middle, first = np.nonzero(posted.resale == 0.0)
        lent = parts["lent"][self.plan.obligations.first[first]]
        self.plans[:, parts["resold"][middle, first]] = self.plans[:, lent]

    # ------------------------------------------------------------------ from round to round
    @property
    def holding(self) -> Holding:
        """What members hold, to return to it."""
        return self.plans, self._prices

    def return_to(self, holding: Holding) -> None:
        """Hold again what was held before."""
        self.plans, self._prices = holding

    def note(self, length: int) -> None:
        """Remember where the round led, of ``length`` rounds at most."""
        self.memory.note(self.plans / self.scale, length)

    def average(self, weights: FloatArray) -> None:
        """Move to a weighted average of where past rounds led, short of negative amounts."""
        self.plans = np.maximum(self.memory.average(weights), 0.0) * self.scale

    def appraise(self) -> None:
        """Count the cost of moving in what money is worth now."""
        now = self._worth_now(self._prices)
        self._worth = np.clip(now, self._worth / REVISION, self._worth * REVISION)

    # ------------------------------------------------------------------ in an auction
    def enter(self, depth: float, patient: bool = False) -> Interior:
        """The plans held, at least ``depth`` of each part, with slacks as deep.

        In a ``patient`` auction caution is counted in what money is worth at least now.
        """
        inside = np.maximum(self.plans / self.scale, depth)
        prices = self._prices[:, : self.plan.rows]
        now = np.maximum(self._worth, self._worth_now(self._prices)) if patient else self._worth
        rows, worth = now[:, self.plan.nodes_of_rows], now[:, self.plan.nodes_of_parts]
        self._interior = Interior(inside, prices, np.full_like(inside, depth), rows, worth)
        return self._interior

    def schedule(self, nearby: NearbyQuotes) -> Schedule:
        """Schedules of all members at some quotes, added up."""
        budgets, incomes = self._constraints(nearby.posted)
        above = [self._constraints(posted) for posted in nearby.above]
        below = [self._constraints(posted) for posted in nearby.below]
        pairs, twice = list(zip(above, below, strict=True)), 2.0 * nearby.distances[:, None, None]
        programs = Programs(
            budgets=budgets,
            incomes=incomes,
            budget_slopes=np.stack([up[0] - down[0] for up, down in pairs]) / twice,
            income_slopes=np.stack([up[1] - down[1] for up, down in pairs]) / twice,
            consumption=self._consumption,
            tastes=self._scaled,
        )
        answers = self._interior.schedules(programs) * self.scale[:, None]
        total = np.sum(self._interior.plans, axis=0) * self.scale
        return Schedule(total, self._goods(total), answers)

    def leave(self) -> None:
        """Hold the plans that the auction found."""
        inside, rows = self._interior, self.plan.rows
        self.plans = inside.plans * self.scale
        self._prices[:, :rows] = inside.prices
        self._prices[:, rows:] = self._scaled.marginal(inside.plans @ self._consumption.T)
        self._worth = np.maximum(self._worth_now(self._prices), LEAST_WORTH * self._worth)

    # ------------------------------------------------------------------ the record
    def table(self, limit: int | None = None) -> pd.DataFrame:
        """What every member holds at every node: one row per member and part of its plan.

        Rows of what is consumed say what the member receives of the good at the node, and what it
        likes: the weight in its utility and its risk aversion. Those of other parts have zeros.
        """
        labels = self.plan.labels
        parts, nodes, instruments, places = zip(*labels, strict=True)
        own = np.zeros((3, self.members, len(labels)))
        goods = np.isin(places, self.plan.parts["x"].ravel())
        aversion = np.broadcast_to(self.tastes.aversion.reshape(self.members, -1), self._liked)
        for table, values in zip(own, (self.endowment, self.tastes.weights, aversion), strict=True):
            table[:, goods] = values.reshape(self.members, -1)
        return pd.DataFrame(
            {
                "cohort": self.name,
                "household": np.repeat(np.array(self.households, dtype=object), len(labels)),
                "part": parts * self.members,
                "node": nodes * self.members,
                "instrument": instruments * self.members,
                "amount": self.plans[:, places].ravel(),
                "endowed": own[0].ravel(),
                "weight": own[1].ravel(),
                "risk_aversion": own[2].ravel(),
            }
        )

    # ------------------------------------------------------------------ inner workings
    @property
    def _liked(self) -> tuple[int, int]:
        """Members, and goods over all nodes."""
        return self.members, self.tastes.weights.shape[1]

    def _best(self, posted: CreditQuotes) -> Answer:
        """The batch of programs, on a scale of one."""
        budgets, incomes = self._constraints(posted)
        return respond(
            self.plans / self.scale,
            budgets,
            incomes,
            self._consumption,
            self._scaled,
            self.inertia / self._worth[:, self.plan.nodes_of_parts],
            self._prices,
        )

    def _constraints(self, posted: CreditQuotes) -> tuple[FloatArray, FloatArray]:
        """E (rows, size) and b (H, rows), on a scale of one."""
        budgets = self.plan.budgets(posted) * self.scale / self._size
        nodes = len(self.plan.market.starting_prices)
        budgets[nodes:] *= self._size / self.scale[self.plan.parts["kept"].ravel()][:, None]
        return budgets, self.plan.incomes(posted, self.endowment) / self._size

    @cached_property
    def _consumption(self) -> FloatArray:
        """K, (C, size), on a scale of one."""
        units = self.scale[self.plan.parts["x"].ravel()]
        consumption = self.plan.consumption.reshape(-1, self.plan.size)
        return np.asarray(consumption * self.scale / units[:, None])

    def _goods(self, total: FloatArray) -> FloatArray:
        """What plans of this sum consume beyond endowments and what is left, (D, L)."""
        return np.asarray(self.plan.demand @ total - np.sum(self.endowment, axis=0))

    def _own_worth(self, autarky: FloatArray) -> FloatArray:
        """What a unit of wealth is worth to each member at each node if nobody trades, (H, D).

        The cost of moving a part of a plan is counted in money of the node where it is decided.
        """
        nodes = len(self.plan.market.starting_prices)
        units = self.scale[self.plan.parts["x"].ravel()]
        pull = self._scaled.marginal(np.maximum(autarky / units, 1e-3))
        worth = np.max(pull.reshape(self.members, nodes, -1), axis=2)
        liked = np.where(worth > 0.0, worth, np.inf)
        return np.asarray(np.maximum(worth, np.min(liked, axis=1, keepdims=True)))

    def _worth_now(self, prices: FloatArray) -> FloatArray:
        """What a unit of wealth is worth to each member at each node at these prices, (H, D)."""
        return np.asarray(np.maximum(np.abs(prices[:, : self._worth.shape[1]]), self._least_worth))

    def _own_units(self, autarky: FloatArray, size: float) -> Tastes:
        """Tastes with the largest marginal utility of a household's own endowment set to one."""
        units = self.scale[self.plan.parts["x"].ravel()]
        tastes = self.tastes
        weights = tastes.weights * units ** (1.0 - tastes.aversion)
        scaled = Tastes(weights, tastes.aversion)
        pull = np.max(scaled.marginal(np.maximum(autarky / units, 1e-3)), axis=1)
        return Tastes(weights / pull[:, None], tastes.aversion)
