"""Pure exchange of goods, by default Scarf's economy, whose tatonnement goes around for ever.

Scenario ``exchange``, after Scarf, "Some examples of global instability of the competitive
equilibrium", *International Economic Review* 1 (1960). The model is in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from pydantic import ValidationInfo, field_validator, model_validator

from agents.exchange.consumers import Consumers, ExchangeHouse, Primitives
from markets.adjustment.rules import RuleName
from markets.exchange.market import ExchangeMarket
from scenarios.exchange import EXCHANGE, closed_form
from scenarios.exchange.certificate import certify
from scenarios.exchange.kinds import Consumer, goods_in, rows_of, shown
from scenarios.exchange.page import PAGE
from scenarios.exchange.variables import VARIABLES
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.memory import Extent
from simulator.parameters import Parameters, about, rule_parameter
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.population.members import TABLE, GivenMembers, trading
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCARF = [Consumer(name=f"owner of {i + 1}", weights=np.roll([1, 1, 0], i).tolist(),
                  endowment=np.eye(3)[i].tolist(), elasticity=0.0) for i in range(3)]  # fmt: skip
"""Consumer i owns one unit of good i and wants goods i and i + 1 one to one."""


ROOTS_UP_TO = 500
"""Rows of consumers up to which all equilibria of two goods are looked for: at 10,000 prices."""


SHOWN, SHOWN_EACH = 10, 5
"""Columns of the table of consumers, at most, and those that each good adds."""


class Exchange(Parameters):
    """Parameters of the scenario ``exchange``."""

    consumers: list[Consumer] = about(
        "the consumers, or kinds of them", "", "a list of tables", default=SCARF, min_length=1
    )
    members: GivenMembers = about(
        "consumers one by one, in place of the parameter consumers. Columns: name; weights[GOOD],"
        " endowment[GOOD] (units), 0 if not there; elasticity, 1 if not there; members (consumers"
        " who are alike), 1 if not there",
        "", TABLE, default=None,
    )  # fmt: skip
    goods: list[str] | None = about(
        "names of goods, numeraire first; those in the columns of members if these are given", "",
        "a list", default=None,
    )  # fmt: skip
    # excess demand is smooth: clearing one market after the other only leads prices astray
    rule: RuleName = rule_parameter("newton")
    start: str | list[float] | dict[str, float] = about(
        "first prices: all supplies are worth the same; drawn by the seed; or given",
        "", '"primitives", "random", a list of prices or a table of quotes', default="random",
    )  # fmt: skip

    @field_validator("goods")
    @classmethod
    def _of_members(cls, goods: list[str] | None, info: ValidationInfo) -> list[str] | None:
        """The goods that members have."""
        members = info.data.get("members")
        if goods is not None or members is None:
            return goods
        goods = goods_in(members)
        if len(goods) < 2:
            raise ValueError(
                f"members has columns of {len(goods)} goods; at least two goods are needed, in"
                " columns such as weights[bread] and endowment[bread]"
            )
        return goods

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse two goods of one name, wrong lengths, consumers who want or own nothing."""
        count = len(self.names)
        if len(set(self.names)) < count:
            raise ValueError(f"goods are {', '.join(self.names)}; their names must differ")
        if self.members is not None:
            return self
        lists = [(f"{field} of {each.name}", getattr(each, field))
                 for each in self.consumers for field in ("weights", "endowment")]  # fmt: skip
        for what, entries in lists:
            if isinstance(entries, list) and (len(entries) != count or not any(entries)):
                raise ValueError(f"{what} is {entries}; it must have {count} entries, not all 0")
        return self

    @property
    def names(self) -> list[str]:
        """Names of the goods."""
        return self.goods or [str(k + 1) for k in range(len(self.consumers[0].weights))]

    def extent(self) -> Extent:
        """Consumers are kept one by one unless all of a kind are alike."""
        drawn = [k.members for k in self.kinds if isinstance(k.members, int) and not k.alike]
        columns = SHOWN + SHOWN_EACH * len(self.names)
        return Extent(sum(drawn), 1, 1, columns, ("consumers.members", ""))

    @property
    def kinds(self) -> list[Consumer]:
        """The consumers by kind."""
        if self.members is None:
            return self.consumers
        none: list[float | str] = [0.0] * len(self.names)
        return [Consumer(name="", weights=none, endowment=none, members=self.members)]

    def primitives(self, table: pd.DataFrame | None = None) -> Primitives | None:
        """Consumers as arrays: by the parameters if all of a kind are alike, else by the table.

        None if they are drawn or given one by one, and nobody has traded yet.
        """
        if all(kind.alike for kind in self.kinds):
            return rows_of(self.kinds, self.names, np.random.default_rng(0))[1]
        return None if table is None or table.empty else shown(table, self.names)


def build(parameters: Exchange, rng: np.random.Generator) -> ScenarioEconomy:
    """Make the economy.

    Raises
    ------
    Refused
        If consumers who are drawn or given can't be used.
    """
    names, primitives = rows_of(parameters.kinds, parameters.names, rng)
    market, rule = ExchangeMarket(parameters.names), parameters.adjuster
    made = Economy(market, adjuster=rule(market.pace), rng=rng, start=parameters.start)
    ExchangeHouse(made)
    Consumers(made, market.goods, names, primitives)
    return made


class ExchangeScenario(Scenario[Exchange]):
    """The scenario ``exchange``."""

    title = EXCHANGE
    parameters = Exchange
    variables = VARIABLES
    headline = ("equilibrium",)
    page = PAGE

    def cases(self, parameters: Exchange) -> list[Case]:
        """One economy, one date."""
        return [Case("exchange", lambda rng: build(parameters, rng), [{}])]

    def certify(self, parameters: Exchange, point: RestingPoint) -> Certificate:
        """The certificate, from quotes and holdings, and who was drawn or given, alone."""
        primitives = parameters.primitives(point.agents)
        assert primitives is not None
        rows = point.agents.reset_index().reindex(range(len(primitives.members)))
        held = rows[_holdings(parameters)].to_numpy(float)
        prices = np.array(list(point.quotes.values()))
        return certify(primitives, prices, held, complete=point.complete)

    def closed_form(self, parameters: Exchange, point: RestingPoint) -> dict[str, float] | None:
        """Prices that solve a linear system, if all are Cobb-Douglas or all are Leontief."""
        primitives = parameters.primitives(point.agents) if point.complete else None
        prices = None if primitives is None else closed_form.linear(primitives)
        return None if prices is None else dict(zip(point.quotes, prices.tolist(), strict=True))

    def read_out(self, parameters: Exchange, point: RestingPoint) -> dict[str, object]:
        """How many trade; of two goods which equilibrium it is, by ascending price, of how many."""
        primitives = parameters.primitives(point.agents)
        if primitives is None or not point.complete:
            return {"equilibrium": "", "traders_trading": math.nan}
        which = ""
        if len(point.quotes) == 2 and len(primitives.members) <= ROOTS_UP_TO:
            roots = closed_form.two_goods(primitives, [*point.quotes.values()][1])
            rested = np.flatnonzero(roots.rested)
            which = ", ".join(f"{k + 1} of {len(roots)}" for k in rested)
        prices = np.array(list(point.quotes.values()))
        owned = primitives.endowment
        traded = np.abs(point.agents[_holdings(parameters)].to_numpy(float) - owned) @ prices
        return {
            "equilibrium": which,
            "traders_trading": trading(traded, owned @ prices, primitives.members),
        }

    def figures(self, results: Results[Exchange]) -> Mapping[str, Figure]:
        """The figures of rounds, and what each consumer buys and sells."""
        shown = dict(super().figures(results))
        if len(results.agents):
            from simulator.net_trades import net_trades

            goods, agents = results.parameters.names, results.agents
            owned = agents[[f"endowment[{good}]" for good in goods]].to_numpy(float)
            traded = agents[_holdings(results.parameters)].to_numpy(float) - owned
            values = traded * np.array([*results.equilibrium.values()])
            shown["net_trades"] = net_trades(
                pd.DataFrame(values, agents["name"], goods), f"units of {goods[0]}"
            )
        return shown

    def report(self, results: Results[Exchange]) -> pd.DataFrame | None:
        """All equilibria of two goods, and at which the run came to rest."""
        prices = [*results.equilibrium.values()]
        primitives = results.parameters.primitives(results.agents)
        if primitives is None or len(prices) != 2 or len(primitives.members) > ROOTS_UP_TO:
            return None
        return closed_form.two_goods(primitives, prices[1])


def _holdings(parameters: Exchange) -> list[str]:
    """Columns of what is held."""
    return [f"holding[{good}]" for good in parameters.names]


SCENARIO = ExchangeScenario()
