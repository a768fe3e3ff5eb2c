"""Pure exchange of goods, by default Scarf's economy, whose tatonnement goes around for ever.

Scenario ``exchange``, after Scarf, "Some examples of global instability of the competitive
equilibrium", *International Economic Review* 1 (1960). The model is in this folder's README.
"""

from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from agents.exchange.consumers import Consumers, ExchangeHouse, Primitives
from markets.adjustment.rules import RuleName
from markets.exchange.market import ExchangeMarket
from scenarios.exchange import EXCHANGE, closed_form
from scenarios.exchange.certificate import certify
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.page_plan import Control, Page
from simulator.parameters import Parameters, Table, about, rule_parameter
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results
from simulator.scenario import Scenario

Amounts = Annotated[list[Annotated[float, Field(ge=0.0)]], Field(min_length=2)]
PER_GOOD = "a list of numbers of at least 0, one per good"


class Consumer(Table):
    """A consumer, or several who are alike."""

    name: str = about("name of the consumer")
    weights: Amounts = about("what is wanted at equal prices, up to scale", "", PER_GOOD)
    endowment: Amounts = about("what the consumer owns", "units", PER_GOOD)
    elasticity: float = about("elasticity of substitution; 0 is Leontief", default=1.0, ge=0.0)
    members: int = about("how many consumers are alike", "consumers", default=1, ge=1)


SCARF = [Consumer(name=f"owner of {i + 1}", weights=np.roll([1, 1, 0], i).tolist(),
                  endowment=np.eye(3)[i].tolist(), elasticity=0.0) for i in range(3)]  # fmt: skip
"""Consumer i owns one unit of good i and wants goods i and i + 1 one to one."""


class Exchange(Parameters):
    """Parameters of the scenario ``exchange``."""

    consumers: list[Consumer] = about("the consumers", "", "a list of tables", default=SCARF)
    goods: list[str] | None = about("names of goods, numeraire first", "", "a list", default=None)
    # excess demand is smooth: clearing one market after the other only leads prices astray
    rule: RuleName = rule_parameter("newton")
    start: str | list[float] | dict[str, float] = about(
        "first prices: all supplies are worth the same; drawn by the seed; or given",
        "", '"primitives", "random", a list of prices or a table of quotes', default="random",
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse two goods of one name, wrong lengths, consumers who want or own nothing."""
        count = len(self.names)
        if len(set(self.names)) < count:
            raise ValueError(f"goods are {', '.join(self.names)}; their names must differ")
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

    @property
    def primitives(self) -> Primitives:
        """The consumers as arrays."""
        rows = [[getattr(each, name) for name in Primitives._fields] for each in self.consumers]
        return Primitives(*(np.array(column, float) for column in zip(*rows, strict=True)))


def build(parameters: Exchange, rng: np.random.Generator) -> ScenarioEconomy:
    """Make the economy."""
    market, rule = ExchangeMarket(parameters.names), parameters.adjuster
    made = Economy(market, adjuster=rule(market.pace), rng=rng, start=parameters.start)
    ExchangeHouse(made)
    Consumers(made, market.goods, [c.name for c in parameters.consumers], parameters.primitives)
    return made


class ExchangeScenario(Scenario[Exchange]):
    """The scenario ``exchange``."""

    title = EXCHANGE
    parameters = Exchange
    headline = ("equilibrium",)
    page = Page(controls=(Control("start"), Control("rule"), Control("step", 0.2, 5.0, 0.2)))

    def cases(self, parameters: Exchange) -> list[Case]:
        """One economy, one date."""
        return [Case("exchange", lambda rng: build(parameters, rng), [{}])]

    def certify(self, parameters: Exchange, point: RestingPoint) -> Certificate:
        """The certificate, from quotes and holdings alone."""
        rows = point.agents.reset_index().reindex(range(len(parameters.consumers)))
        held = rows[[f"holding[{good}]" for good in parameters.names]].to_numpy(float)
        return certify(parameters.primitives, np.array(list(point.quotes.values())), held)

    def closed_form(self, parameters: Exchange, point: RestingPoint) -> dict[str, float] | None:
        """Prices that solve a linear system, if all are Cobb-Douglas or all are Leontief."""
        prices = closed_form.linear(parameters.primitives)
        return None if prices is None else dict(zip(point.quotes, prices.tolist(), strict=True))

    def describe(
        self, parameters: Exchange, economy: ScenarioEconomy, point: RestingPoint
    ) -> dict[str, object]:
        """Which equilibrium of two goods it is, by ascending price, and of how many."""
        if len(point.quotes) != 2:
            return {"equilibrium": ""}
        roots = closed_form.two_goods(parameters.primitives, [*point.quotes.values()][1])
        rested = np.flatnonzero(roots.rested)
        return {"equilibrium": ", ".join(f"{k + 1} of {len(roots)}" for k in rested)}

    def report(self, results: Results[Exchange]) -> pd.DataFrame | None:
        """All equilibria of two goods, and at which the run came to rest."""
        prices, primitives = [*results.equilibrium.values()], results.parameters.primitives
        return closed_form.two_goods(primitives, prices[1]) if len(prices) == 2 else None


SCENARIO = ExchangeScenario()
