"""What an equilibrium of composed economies with pledgeable securities is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from agents.pledge.clearing_house import PledgeClearingHouse
from agents.pledge.investors import InformedInvestors
from agents.pledge.learner import Learner
from agents.pledge.noise_traders import NoiseTraders
from markets.pledge.market import PledgeableMarket
from markets.refused import Refused
from scenarios.pledge.certificate import FORECAST_TOLERANCE, certify, learning_tolerance
from scenarios.pledge.closed_form import Primitives
from simulator.certificate import Certificate
from simulator.composed import Composed, Composition
from simulator.point import RestingPoint, ScenarioEconomy

ALIKE = ("known", "limits", "exact")
"""What investors of all cohorts share; they may differ in role, number, forecasts and learning."""

ROUNDING = 1e-12
"""How far shares of all investors may be from adding up to 1."""


class ComposedPledge(Composed):
    """Pledgeable securities: every investor's best order, the markets, right forecasts.

    Forecasts must be right at every date if nobody learns from past days, otherwise at the last
    date; not where limits are imposed or demands exact, which no linear forecast fits.

    Raises
    ------
    Refused
        If cohorts of investors differ in what the certificate takes to be the same for all, or
        their shares of all investors do not add up to 1.
    """

    parts = (PledgeClearingHouse, InformedInvestors, NoiseTraders)

    def __init__(self, economy: ScenarioEconomy, dates: Sequence[Mapping[str, object]]) -> None:
        super().__init__(economy, dates)
        self.investors = self.cohorts(InformedInvestors)
        if not self.investors:
            raise Refused("an economy of pledgeable securities needs a cohort of investors")
        for name in ALIKE:
            if any(getattr(c, name) != getattr(self.investors[0], name) for c in self.investors):
                raise Refused(f"{name} differs between cohorts of investors; it must be the same")
        shares = math.fsum(cohort.share for cohort in self.investors)
        if abs(shares - 1.0) > ROUNDING:
            raise Refused(f"share adds up to {shares:.6g} over cohorts of investors; it must be 1")
        one = self.investors[0]
        self.primitives = Primitives(
            value_precision=one.known.value.precision,
            signal_precision=one.known.signal_precision,
            noise_precision=one.known.noise.precision,
            risk_aversion=one.crowd.risk_aversion,
            wealth=math.fsum(one.crowd.wealth),
            spot_share=one.crowd.spot_share,
            mean_value=one.known.value.mean,
            mean_noise=one.known.noise.mean,
        )

    def certify(self, parameters: Composition, point: RestingPoint) -> Certificate:
        """The certificate of a day, for all securities at once."""
        one, given = self.investors[0], self.house(PledgeClearingHouse).repo_rate
        quotes = np.array(list(point.quotes.values()))
        count = self.market(PledgeableMarket).securities
        return certify(
            primitives=self.primitives,
            repo_rate=quotes[count:] if given is None else given,
            rate_quoted=given is None,
            log_prices=quotes[:count],
            agents=point.agents,
            complete=point.complete,
            limits_imposed=one.limits == "imposed",
            exact=one.exact,
            as_printed=one.known.as_printed,
            forecast_tolerance=self._tolerance(point.date),
        )

    def _tolerance(self, date: int) -> float | None:
        """How far forecasts may be from right; None where that is not asked."""
        one, learners = self.investors[0], [cohort.learner for cohort in self.investors]
        learning = any(learner.rule in ("map", "regression") for learner in learners)
        if one.limits == "imposed" or one.exact or (learning and date < len(self.dates)):
            return None
        return max(self._missed(learner) for learner in learners)

    def _missed(self, learner: Learner) -> float:
        """How far the forecasts of one kind of learner may be from right at the last date."""
        if learner.rule != "regression":
            return FORECAST_TOLERANCE
        return learning_tolerance(len(self.dates), learner.gain, learner.memory)


COMPOSED = ComposedPledge
