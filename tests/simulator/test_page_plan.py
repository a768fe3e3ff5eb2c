"""What a page shows where a scenario declares nothing."""

from typing import Literal

from simulator.page_plan import RULE, Account, Control, Page, accounts_of, controls_of
from simulator.parameters import Parameters, Table, about


class Detail(Table):
    """A table, which no line of text can say."""

    size: float = 1.0


class Told(Parameters):
    """One parameter of each kind."""

    share: float = about("a share", "share", default=0.5, ge=0.0, le=1.0)
    wide: float = about("anything positive", "cash", default=1.0, gt=0.0, le=1e6)
    free: float | None = about("any number", "", "a number", default=None)
    count: int = about("how many", "", default=3, ge=1, le=5)
    kind: Literal["one", "two"] = about("which", default="one")
    on: bool = about("whether", default=True)
    payoffs: list[float] = about("several", "", "numbers", default=[1.0, 2.0])
    detail: Detail | None = about("a table", "", "a table", default=None)
    weights: dict[str, float] = about("a table", "", "a table", default={})


def test_every_parameter_that_a_line_can_say_has_a_control() -> None:
    assert controls_of(Told) == (
        Control("share", 0.0, 1.0, 0.01),
        Control("wide"),
        Control("free"),
        Control("count"),
        Control("kind"),
        Control("on", choices=(True, False)),
        Control("payoffs"),
        Control("start"),
    )


def test_the_rule_comes_last_and_once() -> None:
    names = [control.parameter for control in Page().controls_for(Told)]
    assert names[-len(RULE) :] == list(RULE)
    own = Page(controls=(Control("rule"), Control("share")))
    assert [c.parameter for c in own.controls_for(Told)] == ["rule", "share", "step", "max_rounds"]


def test_balances_are_told_from_amounts_by_their_names() -> None:
    assert accounts_of({"margin_held": 3.0, "balance_now": 0.0, "walras": 1e-17}) == (
        Account("margin_held", "margin held", ""),
        Account("balance_now", "balance now", "", "balance"),
        Account("walras", "value of all excess demand", "", "balance"),
    )
