"""Names that are not known."""

from __future__ import annotations

import pytest

from simulator.names import unknown

RULES = ["flat", "linear", "value-at-risk", "expected-shortfall"]


@pytest.mark.parametrize(
    ("name", "near"),
    [("var", "value-at-risk"), ("ES", "expected-shortfall"), ("linaer", "linear"), ("zzz", None)],
)
def test_the_nearest_name_is_suggested_or_the_one_that_is_abbreviated(
    name: str, near: str | None
) -> None:
    said = unknown(name, RULES, "margin rule")
    assert said.startswith(f'"{name}" is not a margin rule; ')
    assert said.endswith(f'did you mean "{near}"?' if near else "known are " + ", ".join(RULES))
