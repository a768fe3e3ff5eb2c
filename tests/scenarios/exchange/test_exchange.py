"""The scenario: unstable, unique and several equilibria; input that can't be used."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.exchange.exchange import SCENARIO, Exchange, build
from scenarios.exchange.published import KEHOE
from simulator.journey import look
from simulator.outcome import Outcome
from simulator.parameters import parse, read_toml, to_toml
from simulator.rehearsal import rehearse

SEEDS = st.integers(0, 100_000)


def drawn(seed: int, low: float, high: float) -> list[dict[str, Any]]:
    """Random consumers with elasticities in a range, who want and own something of all goods."""
    rng = np.random.default_rng(seed)
    rows, goods = int(rng.integers(2, 7)), int(rng.integers(2, 6))
    return [
        {
            "name": f"consumer {i}",
            "weights": rng.uniform(0.1, 1.0, goods).tolist(),
            "endowment": rng.uniform(0.05, 2.0, goods).tolist(),
            "elasticity": float(rng.uniform(low, high)),
            "members": int(rng.integers(1, 5)),
        }
        for i in range(rows)
    ]


def economy(**given: Any) -> Any:
    return build(parse(Exchange, given), np.random.default_rng(0))


# ---------------------------------------------------------------------- Scarf
@pytest.mark.parametrize("seed", range(5))
def test_scarfs_economy_clears_at_equal_prices_by_the_default_rule(seed: int) -> None:
    run = SCENARIO.run(seed=seed)
    first = run.rounds.iloc[0]
    assert max(abs(first["price[2]"] - 1.0), abs(first["price[3]"] - 1.0)) > 0.01
    assert run.outcome is Outcome.CLEARED
    assert list(run.equilibrium.values()) == pytest.approx([1.0, 1.0, 1.0], abs=1e-9)
    assert run.closed_form == pytest.approx(run.equilibrium, abs=1e-9)


@pytest.mark.parametrize("rule", ["newton", "implicit", "anderson"])
def test_other_rules_find_scarfs_prices_too(rule: str) -> None:
    run = SCENARIO.run(rule=rule)
    assert run.outcome is Outcome.CLEARED
    assert list(run.equilibrium.values()) == pytest.approx([1.0, 1.0, 1.0], abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_scarf_1960_textbook_tatonnement_goes_around_for_ever(seed: int) -> None:
    run = SCENARIO.run(rule="plain", seed=seed)
    assert run.outcome is Outcome.CYCLES
    assert "the quotes go around in about" in run.reason
    assert "from lowest to highest" in run.reason


def test_the_period_is_that_of_scarfs_orbits() -> None:
    """Near the equilibrium the tatonnement turns with frequency sqrt(3) / 4 of its pace."""
    near = [1.0, 1.05, 0.98]
    run = SCENARIO.run(rule="plain", start=near)
    rounds = int(run.reason.split("about ")[1].split()[0])
    assert rounds == pytest.approx(2.0 * np.pi / (0.05 * np.sqrt(3.0) / 4.0), rel=0.02)
    half = SCENARIO.run(rule="plain", start=near, step=0.6)
    slower = int(half.reason.split("about ")[1].split()[0])
    assert slower == pytest.approx(rounds / 0.6, rel=0.02)


def test_a_smaller_step_stays_closer_to_the_closed_orbit() -> None:
    """In continuous time the orbit is closed; finite steps drift outward, small ones less."""
    drift = []
    for step, rounds in ((1.0, 320), (0.1, 3_200)):
        run = SCENARIO.run(rule="plain", step=step, max_rounds=rounds, start=[1.0, 1.5, 1.2])
        logs = np.log(run.rounds[["price[2]", "price[3]"]].to_numpy())
        away = np.max(np.abs(logs - logs[0]), axis=1)
        half = int(np.argmax(away > 0.5 * away.max()))
        back = half + int(np.argmin(np.linalg.norm(logs[half:] - logs[0], axis=1)))
        drift.append(float(np.linalg.norm(logs[back] - logs[0])))
    assert drift[1] < 0.2 * drift[0]


def test_walras_law_holds_in_every_round() -> None:
    """The record's excess demands and the numeraire's, in value."""
    made = economy(start=[1.0, 3.0, 0.4], rule="plain")
    for _ in range(50):
        made.step()
        demand, supply = made.book
        assert made.posted @ (demand - supply) == pytest.approx(0.0, abs=1e-14 * made.posted.sum())


def test_one_market_after_the_other_finds_no_equilibrium_and_says_so() -> None:
    """No price can clear the market for its own good: excess demand is zero where the others are
    equal, whatever it is."""
    run = SCENARIO.run(rule="successive")
    assert run.outcome is Outcome.OUT_OF_RANGE


# ---------------------------------------------------------------------- unique equilibria
@settings(max_examples=30)
@given(SEEDS)
def test_cobb_douglas_economies_clear_at_their_closed_form(seed: int) -> None:
    run = SCENARIO.run(consumers=drawn(seed, 1.0, 1.0), start="primitives")
    assert run.outcome is Outcome.CLEARED
    assert run.closed_form == pytest.approx(run.equilibrium, rel=1e-8)


@settings(max_examples=30)
@given(SEEDS)
def test_gross_substitutes_clear_at_the_same_prices_from_anywhere(seed: int) -> None:
    """With s >= 1 the equilibrium is unique and globally stable (Arrow, Block and Hurwicz 1959)."""
    consumers = drawn(seed, 1.0, 6.0)
    runs = [SCENARIO.run(consumers=consumers, seed=s, start="random") for s in (0, 1)]
    assert all(run.outcome is Outcome.CLEARED for run in runs)
    assert runs[0].equilibrium == pytest.approx(runs[1].equilibrium, rel=1e-8)


@settings(max_examples=5)
@given(SEEDS)
def test_the_textbook_rule_settles_gross_substitutes(seed: int) -> None:
    consumers = drawn(seed, 1.0, 6.0)
    run = SCENARIO.run(consumers=consumers, rule="plain", max_rounds=5_000)
    assert run.outcome is Outcome.CLEARED
    assert run.equilibrium == pytest.approx(SCENARIO.run(consumers=consumers).equilibrium, rel=1e-7)


@settings(max_examples=20)
@given(SEEDS)
def test_the_order_of_consumers_does_not_matter_to_the_last_bit(seed: int) -> None:
    consumers = drawn(seed, 0.3, 2.0)
    one = SCENARIO.run(consumers=consumers)
    other = SCENARIO.run(consumers=consumers[::-1])
    assert one.rounds.equals(other.rounds)


@settings(max_examples=20)
@given(SEEDS)
def test_the_numeraire_does_not_matter(seed: int) -> None:
    consumers = drawn(seed, 1.0, 3.0)
    turned = [
        consumer | {field: consumer[field][::-1] for field in ("weights", "endowment")}
        for consumer in consumers
    ]
    prices = [
        np.array([*SCENARIO.run(consumers=each, start="primitives").equilibrium.values()])
        for each in (consumers, turned)
    ]
    assert prices[1][::-1] / prices[1][-1] == pytest.approx(prices[0], rel=1e-8)


# ---------------------------------------------------------------------- several equilibria
@pytest.mark.parametrize(("start", "which"), [(0.02, 1), (0.9, 1), (1.1, 3), (50.0, 3)])
def test_the_textbook_rule_goes_to_the_stable_equilibrium_on_its_side(
    start: float, which: int
) -> None:
    run = SCENARIO.run(consumers=KEHOE, start=[1.0, start], rule="plain", step=20.0)
    assert run.outcome is Outcome.CLEARED
    assert run.dates["equilibrium"].tolist() == [f"{which} of 3"]
    assert run.printed is not None
    assert run.printed["rested"].tolist() == [which == k for k in (1, 2, 3)]
    assert run.printed["textbook_rule"].tolist() == ["stable", "unstable", "stable"]


def test_the_default_rule_finds_all_three_from_different_starts() -> None:
    found = {
        SCENARIO.run(consumers=KEHOE, start=[1.0, start]).dates["equilibrium"][0]
        for start in (0.1, 1.0, 10.0)
    }
    assert found == {"1 of 3", "2 of 3", "3 of 3"}


def test_a_run_that_rests_nowhere_is_none_of_them() -> None:
    run = SCENARIO.run(consumers=KEHOE, start=[1.0, 2.0], rule="plain", max_rounds=3)
    assert run.outcome is Outcome.OUT_OF_ROUNDS
    assert run.dates["equilibrium"].tolist() == [""]
    assert run.printed is not None
    assert not run.printed["rested"].any()


def test_equilibria_of_more_goods_are_not_counted() -> None:
    run = SCENARIO.run()
    assert run.dates["equilibrium"].tolist() == [""]
    assert run.printed is None


# ---------------------------------------------------------------------- the redundant market
def test_a_numeraire_that_does_not_clear_in_value_is_not_certified() -> None:
    """Hardly anything is spent on the numeraire: a share of 1e-10 of the other good is worth 0.1%.

    Both own one unit of each good; a price of 1e7 clears. At one that is 0.01% higher the excess
    demand for the second good is 1e-11 of what there is; the numeraire's is worth the same, which
    is 0.01% of what there is of it.
    """
    thrifty = [
        {"name": name, "weights": [1e-7, 1.0 - 1e-7], "endowment": [1.0, 1.0]} for name in "ab"
    ]
    clears = (1.0 - 1e-7) / 1e-7
    parameters = parse(Exchange, {"consumers": thrifty, "start": [1.0, clears * (1.0 + 1e-4)]})
    [case] = SCENARIO.cases(parameters)
    made: Any = case.build(np.random.default_rng(0))
    made.step()
    demand, supply = made.book
    assert abs(demand[1] - supply[1]) <= 1e-10 * supply[1]
    _, certificate = look(SCENARIO, parameters, case, made)
    failed = {condition.name for condition in certificate.failed()}
    assert "redundant market: numeraire" in failed
    assert "markets, units" in failed
    assert certificate["markets, value"].holds
    assert SCENARIO.run(consumers=thrifty, start="primitives").outcome is Outcome.CLEARED


def test_the_redundant_market_is_minus_the_value_of_all_others() -> None:
    made = economy(start=[1.0, 3.0, 0.4])
    made.step()
    demand, supply = made.book
    others = made.posted[1:] @ (demand - supply)[1:]
    assert made.redundant()["numeraire"] == pytest.approx(-others / supply[0])


# ---------------------------------------------------------------------- input
def changed(**fields: Any) -> list[dict[str, Any]]:
    """Kehoe's consumers, the second with other fields."""
    return [KEHOE[0], KEHOE[1] | fields]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"consumers": changed(endowment=[1.0, -2.0])},
            "consumers[1].endowment[1] is -2.0; it must be a list of numbers of at least 0 or"
            " distributions, one per good",
        ),
        (
            {"consumers": changed(weights=[1.0, 2.0, 3.0])},
            "weights of 2 is [1.0, 2.0, 3.0]; it must have 2 entries, not all 0",
        ),
        (
            {"consumers": changed(endowment=[0.0, 0.0])},
            "endowment of 2 is [0.0, 0.0]; it must have 2 entries, not all 0",
        ),
        (
            {"consumers": changed(elasticity=-0.1)},
            "consumers[1].elasticity is -0.1; it must be a number of at least 0, or a distribution",
        ),
        (
            {"consumers": changed(members=0)},
            "consumers[1].members is 0; it must be a whole number of at least 1, a CSV or Parquet"
            " file with one row per member, or a table of lists",
        ),
        (
            {"consumers": changed(weigths=[1.0])},
            'consumers[1]: "weigths" is not a parameter; did you mean "weights"?',
        ),
        ({"consumers": KEHOE, "goods": ["a", "a"]}, "goods are a, a; their names must differ"),
        (
            {"consumers": KEHOE, "start": [1.0, 2.0, 3.0]},
            "start lists 3 quotes; there are price[1], price[2]",
        ),
        (
            {"consumers": [{**each, "weights": [1.0, 0.0]} for each in KEHOE]},
            "good 2: somebody must own it (endowment), want it (weights)",
        ),
        (
            {"consumers": [{**each, "endowment": [0.0, 1.0]} for each in KEHOE]},
            "good 1: somebody must own it (endowment), want it (weights)",
        ),
    ],
)
def test_input_that_cannot_be_used_is_refused_in_one_sentence(
    given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        SCENARIO.run(**given)
    assert type(refused.value).__name__ == "Refused"
    assert str(refused.value) == sentence


def test_a_file_says_the_same(tmp_path: Any) -> None:
    parameters = parse(Exchange, {"consumers": KEHOE, "goods": ["bread", "wine"]})
    path = tmp_path / "exchange.toml"
    path.write_text(to_toml("exchange", parameters, comments=True), encoding="utf-8")
    name, given = read_toml(path)
    assert name == "exchange"
    assert parse(Exchange, given) == parameters
    assert list(SCENARIO.run(**given).equilibrium) == ["price[bread]", "price[wine]"]


def test_consumers_who_are_alike_are_one_consumer_so_many_times() -> None:
    three = [KEHOE[0] | {"members": 3}, KEHOE[1]]
    apart = [KEHOE[0] | {"name": name} for name in "abc"] + [KEHOE[1]]
    start = [1.0, 5.0]
    assert SCENARIO.run(consumers=three, start=start).equilibrium == pytest.approx(
        SCENARIO.run(consumers=apart, start=start).equilibrium, rel=1e-9
    )


def test_an_economy_whose_equilibrium_has_a_free_good_says_that_a_quote_left_its_range() -> None:
    """Leontief consumers want two of the first good for one of the second, which is plentiful."""
    consumers = [
        {"name": name, "weights": [2.0, 1.0], "endowment": endowment, "elasticity": 0.0}
        for name, endowment in (("a", [1.0, 1.0]), ("b", [1.0, 2.0]))
    ]
    assert SCENARIO.run(consumers=consumers).outcome is Outcome.OUT_OF_RANGE


def test_the_rehearsal_holds() -> None:
    certificate = rehearse(lambda: economy(start=[1.0, 3.0, 0.4]))
    assert certificate.holds, certificate.complaint()
