"""Rules that move quotes, on random economies with planned bankruptcies."""

import numpy as np
import pytest

from benchmarks.random_bankruptcies import SIZES, draw
from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster, inward_share
from markets.quote import Excess, Limits
from simulator.outcome import Outcome

ROUNDS = 1_000


def clears(count: int) -> tuple[int, int, list[int]]:
    """Economies drawn until so many had bankruptcies, those of them that cleared, and rounds."""
    tried = cleared = 0
    rounds = []
    generators = [np.random.default_rng(2026 + k) for k in range(len(SIZES))]
    while tried < count:
        k = tried % len(SIZES)
        economy = draw(generators[k], *SIZES[k]).economy()
        outcome = economy.clear(ROUNDS)
        rates = [v for name, v in economy.quotes.items() if name.startswith("repayment_rate")]
        if outcome is not Outcome.CLEARED or min(rates) < 1.0 - 1e-9:
            tried += 1
            if outcome is Outcome.CLEARED:
                share = inward_share(
                    economy.adjustment.limits,  # type: ignore[union-attr]
                    economy.adjustment.coordinates,  # type: ignore[union-attr]
                    economy.market.excess(economy.posted, economy.book),
                )
                assert share <= 1e-10
                cleared += 1
                rounds.append(economy.round)
        economy.close()
    return tried, cleared, rounds


@pytest.mark.slow
def test_random_economies_clear() -> None:
    tried, cleared, rounds = clears(20)
    assert cleared == tried
    assert np.median(rounds) < 60


@pytest.mark.slow
def test_500_random_economies_clear() -> None:
    tried, cleared, rounds = clears(500)
    assert cleared >= 0.99 * tried, f"{cleared} of {tried}"
    assert np.median(rounds) < 40


def test_large_steps_of_the_plain_rule_cycle_and_are_reported_as_such() -> None:
    drawn = draw(np.random.default_rng(7), *SIZES[0])
    outcomes = {
        step: drawn.economy(PlainTatonnement(np.array([1.0, 1.0, step, step, step]))).clear(600)
        for step in (0.3, 3.0)
    }
    assert outcomes[0.3] is Outcome.CLEARED
    assert outcomes[3.0] is Outcome.CYCLES


@pytest.mark.parametrize("rule", ["plain", "anderson", "implicit"])
def test_all_rules_find_one_equilibrium(rule: str) -> None:
    step = np.array([1.0, 1.0, 0.3, 0.3, 0.3])
    rules: dict[str, Adjuster] = {
        "plain": PlainTatonnement(step),
        "anderson": AndersonTatonnement(step),
        "implicit": ImplicitTatonnement(),
    }
    adjuster = rules[rule]
    rng = np.random.default_rng(8)
    for _ in range(4):
        drawn = draw(rng, *SIZES[0])
        economy, other = drawn.economy(adjuster), drawn.economy()
        assert economy.clear(5_000) is Outcome.CLEARED
        assert other.clear(5_000) is Outcome.CLEARED
        for name, value in other.quotes.items():
            assert economy.quotes[name] == pytest.approx(value, abs=1e-6), name


def test_an_implicit_step_does_not_rest_at_a_limit_that_excess_demand_leaves() -> None:
    """The Newton step at the limit points outward although the residual points inward."""
    limits = Limits(np.zeros(2), np.ones(2), np.zeros(2, bool), np.ones(2, bool))
    rule = ImplicitTatonnement(first_time=1e6)
    state = rule.start(np.array([0.5, 1.0]), limits)
    residual = np.array([0.1, -0.05])
    depth = np.array([[-0.1, 0.0], [2.0, -1.0]])
    assert np.linalg.solve(-depth, residual)[1] > 0.0
    after = rule.adjust(state, Excess(residual, residual, residual), depth)
    assert after.coordinates[1] < 1.0


@pytest.mark.parametrize("rule", [ImplicitTatonnement(), AndersonTatonnement()])
def test_a_rule_refuses_the_state_of_another(rule: ImplicitTatonnement) -> None:
    limits = Limits(np.zeros(1), np.ones(1), np.zeros(1, bool), np.zeros(1, bool))
    state = PlainTatonnement().start(np.array([0.5]), limits)
    with pytest.raises(TypeError, match="its start"):
        rule.adjust(state, Excess(*[np.zeros(1)] * 3))
