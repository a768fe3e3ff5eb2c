"""Credit on an event tree: the paper's example in fractions, its propositions, bad input."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.credit import (
    conditions,
    exact,
    housing,
    liquidity_contraction,
    prepayment,
    published,
)
from scenarios.credit import economy as credit_tree
from scenarios.credit.certificate import certify
from scenarios.credit.economy import resting_points
from scenarios.credit.figures import payments
from scenarios.credit.parameters import HOUSEHOLDS, CreditTree
from scenarios.credit.propositions import evaluate
from scenarios.credit.reading import wealth
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run
from simulator.verify import verify
from walras.catalogue import SCENARIOS


@pytest.fixture(scope="module")
def example() -> Run:
    return prepayment.run()


@pytest.fixture(scope="module")
def contraction() -> Run:
    return liquidity_contraction.run()


# ---------------------------------------------------------------------- the paper's example
def test_example_is_proved_and_equal_to_the_paper_in_fractions(example: Run) -> None:
    assert example.outcome is Outcome.CLEARED
    assert example.certificate.holds
    proof = example.proofs[0]
    assert proof is not None
    for name, value in published.EXAMPLE.values.items():
        if name in proof["quotes"]:
            assert Fraction(proof["quotes"][name]) == value, name
        else:
            assert example.dates[name].iloc[0] == float(value), name
    exactly = [c for c in example.certificate.conditions if c.name != "tables"]
    assert all(c.residual == 0.0 and c.tolerance == 0.0 for c in exactly)


def test_example_multipliers_are_the_papers_ratios(example: Run) -> None:
    proof = example.proofs[0]
    assert proof is not None
    told = {name: proof["multipliers"][name] for name in "ABC"}
    nodes = ("0", "u", "m", "d", "u+", "m+", "d+")
    expected = {
        "A": ("65/24", "1/4", "1/4", "1", "1/8", "1/8", "1/2"),
        "C": ("77/48", "1/12", "1/12", "1/3", "1/24", "1/24", "1/6"),
    }
    for name, values in expected.items():
        assert [told[name][f"budget[{node}]"] for node in nodes] == list(values)
    assert proof["multipliers_unique"] == {"A": True, "B": False, "C": True}


@pytest.mark.parametrize("seed", range(6))
def test_example_from_far_random_starts(seed: int, example: Run) -> None:
    run = prepayment.run(seed=seed, start="random")
    assert run.outcome is Outcome.CLEARED
    assert run.proofs[0] is not None
    assert example.proofs[0] is not None
    assert run.proofs[0]["quotes"] == example.proofs[0]["quotes"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 40))
def test_example_from_many_far_starts(seed: int, example: Run) -> None:
    run = prepayment.run(seed=seed, start="random")
    assert run.proofs[0] is not None
    assert example.proofs[0] is not None
    assert run.proofs[0]["quotes"] == example.proofs[0]["quotes"]


def test_distrust_of_an_empty_pool_confirms_itself() -> None:
    run = prepayment.run(pools="distrusted", start="pessimistic")
    assert run.outcome is Outcome.NO_TRADE
    assert run.certificate.holds
    assert run.dates["remark"].iloc[0] == "no trade in j0: trivial"
    quotes = run.equilibrium
    assert quotes["price[jm@m]"] == 0.5
    assert 0.0 <= quotes["price[j0@0]"] <= 0.4358
    assert all(v == 0.0 for n, v in quotes.items() if n.startswith("unit_payment[j0"))


def test_a_tremble_excludes_the_trivial_equilibrium(example: Run) -> None:
    run = prepayment.run(pools="trusted", start="pessimistic")
    assert run.outcome is Outcome.CLEARED
    assert run.equilibrium == example.equilibrium


def test_logarithmic_reference_to_nine_digits() -> None:
    run = credit_tree.run()
    assert run.outcome is Outcome.CLEARED
    for name, value in published.LOGARITHMIC.values.items():
        assert run.dates[name].iloc[0] == pytest.approx(value, abs=1e-9), name
    assert run.proofs == (None,)


# ---------------------------------------------------------------------- liquidity
def test_liquidity_moves_payment_rates_and_underwater_loans(contraction: Run) -> None:
    assert contraction.outcome is Outcome.CLEARED
    assert contraction.dates["exact"].all()
    wide, narrow = contraction.dates.iloc[0], contraction.dates.iloc[1]
    assert (wide["prepaid[j0@u]"], narrow["prepaid[j0@u]"]) == (1.0, 0.5)
    assert (wide["defaulted[j0@d]"], narrow["defaulted[j0@d]"]) == (1.0, 0.5)
    found = contraction.tables["propositions"]
    sunk = found[found["underwater"]]
    assert set(sunk["case"]) == {"credit at m"}
    assert list(zip(sunk["household"], sunk["node"], strict=True)) == [("B", "d")]


def test_the_paper_is_the_contraction_at_u_and_d(contraction: Run, example: Run) -> None:
    assert contraction.quotes(1) == example.equilibrium


# ---------------------------------------------------------------------- two goods
def test_housing_shows_all_three_payment_behaviours() -> None:
    run = housing.run()
    assert run.outcome is Outcome.CLEARED
    at = run.dates.iloc[0]
    assert at["price[house@boom]"] > at["price[house@0]"] > at["price[house@bust]"] > 0.0
    assert at["prepaid[mortgage@boom]"] == pytest.approx(1.0)
    assert 0.05 < at["defaulted[mortgage@bust]"] < 0.95
    assert 0.05 < at["paid[mortgage@bust]"] < 0.95
    found = run.tables["propositions"]
    assert found["agrees"].all()
    assert found["underwater"].any()


# ---------------------------------------------------------------------- propositions
PHI = {
    ("B", "u"): "5/36", ("B", "m"): "173/578", ("B", "d"): "9/584",
    ("C", "u"): "-1/4", ("C", "m"): "-1/2", ("C", "d"): "-3/8",
}  # fmt: skip


def test_propositions_predict_what_borrowers_do(example: Run) -> None:
    economy, resting = resting_points(example)[0]
    found = evaluate(economy, resting).set_index(["household", "node"])
    assert set(found.index) == set(PHI)
    for place, value in PHI.items():
        assert found.loc[place, "phi"] == pytest.approx(float(Fraction(value)), abs=1e-15)
    assert found["agrees"].all()
    assert found.loc[("B", "m"), "proposition_1"] == "silent"
    assert found.loc[("B", "m"), "proposition_2"] == "closes"  # C_k/q_k = C_j/Psi, with equality
    assert found.loc[("B", "m"), "psi"] == 0.5
    assert found["underwater"].sum() == 1
    assert bool(found.loc[("B", "d"), "underwater"])


# ---------------------------------------------------------------------- proof and export
def _tampered(proof: Any, change: Any) -> Any:
    copied = copy.deepcopy(proof)
    change(copied)
    return copied


TAMPERING = {
    "a quote": lambda p: p["quotes"].update({"price[j0@0]": "3001/4000"}),
    "a plan": lambda p: p["plans"]["A"].update({"lent[j0@0]": "2001/1000"}),
    "a negative plan": lambda p: p["plans"]["A"].update({"borrowed[jm@m]": "-1/1000"}),
    "a multiplier": lambda p: p["multipliers"]["B"].update({"budget[u]": "1/12"}),
    "a payment": lambda p: p["quotes"].update({"unit_payment[j0@d]": "1"}),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_wrong_proof_is_refused(what: str, example: Run) -> None:
    economy, _ = resting_points(example)[0]
    found = exact.check(economy, _tampered(example.proofs[0], TAMPERING[what]))
    wrong = (
        found.sign, found.budgets, found.debts, found.dual, found.gap, found.goods,
        found.securities, found.payments,
    )  # fmt: skip
    assert any(violation > 0 for violation in wrong)


def test_a_proof_that_is_none_is_refused(example: Run) -> None:
    economy, _ = resting_points(example)[0]
    with pytest.raises(ValueError, match="not one of this economy"):
        exact.check(economy, {"quotes": {}, "plans": {}, "multipliers": {}})


def test_floating_point_certificate_agrees_with_the_proof(example: Run) -> None:
    economy, resting = resting_points(example)[0]
    assert certify(economy, resting.quotes, resting.agents, None).holds
    worse = dict(resting.quotes) | {"price[j0@0]": 0.751}
    assert not certify(economy, worse, resting.agents, None).holds


def test_verify_checks_the_proof_again(example: Run, tmp_path: Path) -> None:
    folder = example.export(tmp_path, plots=False)
    found = verify(folder, SCENARIOS)
    assert found.certified
    assert not found.altered
    path = folder / "proofs.json"
    proofs = json.loads(path.read_text(encoding="utf-8"))
    proofs[0]["plans"]["A"]["lent[j0@0]"] = "3"
    path.write_text(json.dumps(proofs), encoding="utf-8")
    again = verify(folder, SCENARIOS)
    assert not again.certified
    assert any("proofs.json" in sentence for sentence in again.altered)


def test_what_households_pay_adds_up_to_zero_at_every_node(example: Run) -> None:
    economy, resting = resting_points(example)[0]
    totals = payments(economy, resting).groupby("node")["amount"].sum()
    assert np.allclose(totals, 0.0, atol=1e-12)


def test_accounts_are_zero_in_every_round(example: Run) -> None:
    for name in ("pool_balance", "debt_unaccounted", "walras"):
        assert np.max(np.abs(example.rounds[name])) < 1e-10, name


# ---------------------------------------------------------------------- contracts
def _nominal(**prepayment_rule: Any) -> dict[str, Any]:
    parameters = CreditTree().model_dump()
    parameters["contracts"][0] |= {
        "coupon": {"kind": "nominal", "rate": "1/5"},
        "prepayment": prepayment_rule,
    }
    return parameters


RULES: dict[str, dict[str, Any]] = {
    "backward": {"kind": "backward"},
    "coupons": {"kind": "forward", "discount": {"u+": "4/5", "d+": "4/5"}},
    "deliveries": {"kind": "forward", "discount": {"u+": "1", "d+": "1"}, "of": "deliveries"},
}


@pytest.mark.parametrize("name", RULES)
def test_prepayment_rules_are_written_twice_and_agree(name: str) -> None:
    parameters = parse(CreditTree, _nominal(**RULES[name]))
    assert isinstance(parameters, CreditTree)
    economy = parameters.economies()["economy"]
    model = credit_tree.build(economy, parameters, np.random.default_rng(3))
    market = model.market
    quotes = market.far_quotes(np.random.default_rng(3))  # type: ignore[attr-defined]
    posted = market.post(market.locate(quotes, True), True, np.zeros(0))
    named = market.named(posted)
    terms = conditions.terms_at(economy, {n: Fraction(v) for n, v in named.items()})
    for m, node in enumerate(economy.tree.middle):
        assert posted.coupon[m, 0] == pytest.approx(float(terms.coupon["j0", node]))
        assert posted.prepayment[m, 0] == pytest.approx(float(terms.prepayment["j0", node]))
        assert terms.prepayment["j0", node] >= terms.coupon["j0", node]


# ---------------------------------------------------------------------- bad input
def _change(path: list[Any], value: Any) -> Any:
    def change(parameters: dict[str, Any]) -> None:
        place: Any = parameters
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return change


BAD = [
    (_change(["nodes", 1, "after"], "x"), r'node "u" follows "x", which is no node'),
    (_change(["nodes", 1, "keeps"], "-1/2"), r'node "u": keeps has the entry -1/2'),
    (_change(["nodes", 1, "keeps"], "13/0"), r'nodes\[1\]: keeps is "13/0"; it must be a number'),
    (_change(["nodes"], [{"name": "0"}]), 'node "0" is at date 0 and nothing follows it'),
    (_change(["nodes", 0, "after"], "u"), "exactly one node has no predecessor"),
    (_change(["contracts", 0, "collateral"], 0), r'contracts\[0\]: contract "j0": collateral is 0'),
    (_change(["contracts", 0, "collateral"], {"gold": 1}), 'contracts.0.: collateral: "gold"'),
    (
        _change(["contracts", 0, "prepayment", "costs", "u"], "1/5"),
        r'prepayment at "u" is 1/5, below the coupon of 3/10',
    ),
    (_change(["contracts", 0, "coupon", "pays", "x"], 1), 'coupon names "x", which is no node'),
    (_change(["contracts", 1, "issued_at"], "w"), r'contracts\[1\].*issued_at is "w"'),
    (
        _change(["households", 0, "endowment"], {"u": 1}),
        r'household "P" has nothing of good at "0".*\(A2\)',
    ),
    (_change(["households", 0, "weigths"], {}), 'did you mean "weights"'),
    (_change(["households", 0, "risk_aversion"], "-1"), "risk_aversion is -1"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_bad_input_is_named_with_its_place(change: Any, sentence: str) -> None:
    parameters = copy.deepcopy(CreditTree().model_dump())
    change(parameters)
    with pytest.raises(ValueError, match=sentence):
        parse(CreditTree, parameters)


# ---------------------------------------------------------------------- corners
def test_without_contracts_everybody_consumes_what_it_has() -> None:
    run = credit_tree.run(contracts=[])
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    (economy, resting), *_ = resting_points(run)
    own = wealth(economy).ravel()
    assert resting.agents["amount"].to_numpy() == pytest.approx(own)
    assert len(run.plot()) > 0


@pytest.mark.parametrize("auction_after", [0, 5])
def test_a_household_may_have_no_use_for_a_good(auction_after: int) -> None:
    households = copy.deepcopy(housing.HOUSEHOLDS)
    for weights in households[0]["weights"].values():
        weights["house"] = 0
    run = housing.run(households=households, auction_after=auction_after)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds


MIXED = {"linear and logarithmic": ("0", "1"), "curved and hardly curved": ("3", "1/4")}


@pytest.mark.parametrize("name", MIXED)
def test_utilities_may_differ(name: str) -> None:
    households = copy.deepcopy(HOUSEHOLDS)
    for household, aversion in zip(households, MIXED[name], strict=True):
        household["risk_aversion"] = aversion
    slow, quick = (credit_tree.run(households=households, auction_after=a) for a in (0, 5))
    assert slow.certificate.holds
    assert quick.certificate.holds
    assert quick.equilibrium == pytest.approx(slow.equilibrium, abs=1e-8)


def test_contracts_may_be_redundant() -> None:
    """Three copies of one mortgage: who issues which is not pinned down."""
    copies = [{**prepayment.MORTGAGE, "name": f"j{number}"} for number in range(3)]
    run = prepayment.run(contracts=copies, auction_after=20)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
