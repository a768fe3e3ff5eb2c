"""From where rounds rest to the exact equilibrium."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.credit import refinement
from scenarios.credit.certificate import plans_of
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.refinement import refined
from simulator.run import Run


def test_refining_a_proved_point_changes_nothing(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    again = refined(economy, replace(point, proof=None))
    assert again.quotes == point.quotes
    assert again.agents["amount"].to_numpy() == pytest.approx(point.agents["amount"].to_numpy())


def test_concave_utility_stays_as_it_is(logarithmic: Run[CreditTree]) -> None:
    economy, point = described_points(logarithmic)[0]
    assert refined(economy, point).quotes == point.quotes
    assert refined(economy, point).proof is None


def test_a_defect_in_a_proof_is_no_missing_proof(
    example: Run[CreditTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(refinement, "prove", broken)
    economy, point = described_points(example)[0]
    with pytest.raises(ValueError, match="a defect"):
        refined(economy, point)


@pytest.mark.parametrize(
    ("price", "dust", "worthless_at"),
    [(0.0, 1e-9, ("u", "d")), (0.2, 1e-12, ("d",))],
    ids=["worth nothing at issue", "worth nothing at a node"],
)
def test_the_table_clears_in_units_where_dust_is_swept(
    price: float, dust: float, worthless_at: tuple[str, ...], logarithmic: Run[CreditTree]
) -> None:
    """At dust for a price markets clear in value with 2% of the securities missing."""
    economy, point = described_points(logarithmic)[0]
    ahead = {f"resale[j0@{n}]": dust for n in worthless_at}
    ahead |= {f"unit_payment[j0@{n}+]": 0.0 for n in worthless_at}
    if price == 0.0:
        ahead |= {f"unit_payment[j0@{n}]": 0.0 for n in worthless_at}
    table = point.agents.set_index(["household", "part", "node", "instrument"])["amount"]
    table = table.mask(table.index.get_level_values("instrument") == "j0", 0.0)
    held = [("u", 1.0), ("d", 1.0)]
    held = [(node, 0.98 if node in worthless_at else amount) for node, amount in held]
    table["P", "lent", "0", "j0"] = table["Q", "borrowed", "0", "j0"] = 1.0
    for node, amount in held:
        table["P", "held after resale", node, "j0"] = amount
        table["Q", "defaulted", node, "j0"] = 1.0
    dusty = replace(
        point,
        quotes=dict(point.quotes) | ahead | {"price[j0@0]": price},
        agents=point.agents.assign(amount=table.to_numpy()),
    )
    swept = refined(economy, dusty)
    assert all(swept.quotes[name] == 0.0 for name in ahead)
    assert swept.quotes["price[j0@0]"] == price
    plans = plans_of(swept.agents).values()
    lent, borrowed = (sum(p[part, "0", "j0"] for p in plans) for part in ("lent", "borrowed"))
    assert lent == borrowed
    for node in ("u", "d"):
        assert sum(p["held after resale", node, "j0"] for p in plans) == lent
