"""Bankruptcy equilibria as data: parameters, expected quotes and choices.

The source prints no numbers. Every row was recomputed: the two-investor rows from the closed form,
the general ones by solving Definition 1 with another program to 1e-14, rounded to 12 digits.

Expected are quotes, and columns of the table of members with one value per member. They are those
of a run that is polished; without polish the rounds rest within ``AFTER_ROUNDS`` of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.bankruptcy import SOURCE
from simulator.published import Published

PLACE = "recomputed from Definition 1; the source prints no numbers"

AFTER_ROUNDS = 1e-6
"""Largest error of a quote after the rounds, in goods or shares."""

AFTER_POLISH = 1e-10
"""Largest error of a quote after polishing; two-investor rows carry ten decimals."""

CHOICES = 10.0
"""Errors of choices, as a multiple of those of quotes."""

COLUMNS = ("bond", "equity[1]", "consumption_now")
"""What is expected of choices: columns of the table of members."""


def _row(
    case: str, scenario: str, parameters: Mapping[str, object], expected: Mapping[str, object]
) -> Published:
    return Published(
        case, scenario, SOURCE, PLACE, parameters, expected, AFTER_POLISH,
        looser={name: CHOICES * AFTER_POLISH for name in expected if name in COLUMNS},
    )  # fmt: skip


def _two(
    case: str,
    weight: tuple[float, float],
    satiation: tuple[float, float],
    later: tuple[float, float],
    quotes: tuple[float, float],
    promised: float,
    short_limit: float | None = None,
) -> Published:
    parameters: dict[str, object] = {
        f"{role}_{name}": value
        for name, pair in (("weight", weight), ("satiation", satiation), ("endowment_later", later))
        for role, value in zip(("borrower", "lender"), pair, strict=True)
    }
    if short_limit is not None:
        parameters["short_limit"] = short_limit
    expected = dict(zip(("bond_price", "repayment_rate"), quotes, strict=True))
    return _row(case, "bankruptcy", parameters, {**expected, "bond": (-promised, promised)})


def _three(
    case: str,
    quotes: tuple[float | None, float, float, float, float],
    parameters: Mapping[str, object] | None = None,
    choices: Mapping[str, tuple[float, ...]] | None = None,
) -> Published:
    names = ("bond_price", "equity_price[1]", *(f"repayment_rate[{s}]" for s in (1, 2, 3)))
    known = {name: value for name, value in zip(names, quotes, strict=True) if value is not None}
    return _row(case, "bankruptcy-capm", parameters or {}, {**known, **(choices or {})})


CASES = (
    _two("no bankruptcy", (1, 1), (3, 4), (2, 1), (2.0, 1.0), 1.0),
    _two(
        "bankruptcy", (2, 1), (2.5, 4), (0.5, 1), (1.4354143467, 0.5741657387), 0.8708286934
    ),
    _two(
        "short limit binds", (2, 1), (2.5, 4), (0.5, 1), (1.6666666667, 0.6666666667), 0.75, 0.75
    ),
    _three(
        "three investors",
        (1.039586393688, 0.932250569130, 1.0, 0.863140289283, 1.0),
        choices={
            "bond": (-0.463196022272, 0.0, 0.463196022272),
            "equity[1]": (0.099015743294, 0.189088502159, -0.288104245454),
            "consumption_now": (3.989224799325, 3.223722136246, 4.587053064429),
        },
    ),
    _three("nobody may borrow", (None, 0.932034615385, 1, 1, 1), {"short_limit": 0.0}),
    _three(
        "a small short limit",
        (1.092638793580, 0.932034615385, 1, 1, 1),
        {"short_limit": 0.2},
        {"bond": (-0.2, -0.2, 0.4)},
    ),
    _three(
        "quadratic at both dates",
        (34.8899 / 27.2, 31.51693 / 27.2, 1, 1, 1),
        {
            "cohorts": [
                {"utility": "quadratic at both dates", "satiation": 12.0, "endowment_now": 3.6,
                 "endowment_later": [0.2, 0.3, 0.9], "equities": [0.4]},
                {"utility": "quadratic at both dates", "satiation": 14.0, "endowment_now": 3.4,
                 "endowment_later": [0.7, 1.0, 0.8], "equities": [0.7]},
                {"utility": "quadratic at both dates", "satiation": 13.0, "endowment_now": 4.8,
                 "endowment_later": [0.2, 0.6, 1.2], "equities": [1.2]},
            ]
        },
    ),
    _three(
        "no bankruptcy: the standard model",
        (1.068385057471, 0.942921264368, 1, 1, 1),
        {
            "cohorts": [
                {"weight": 7.4, "satiation": 9.0, "endowment_now": 3.6,
                 "endowment_later": [0.8, 0.9, 1.5], "equities": [0.4]},
                {"weight": 5.3, "satiation": 7.2, "endowment_now": 3.4,
                 "endowment_later": [0.7, 1.0, 0.8], "equities": [0.7]},
                {"weight": 4.7, "satiation": 7.1, "endowment_now": 4.8,
                 "endowment_later": [0.2, 0.6, 1.2], "equities": [1.2]},
            ]
        },
    ),
)  # fmt: skip
"""All cases. Of the case in which nobody may borrow, the bond price is not unique."""


def _default(
    case: str, price: float, rate: float, promised: float, **parameters: object
) -> Published:
    expected = {
        "bond_price": price, "repayment_rate": rate, "promised": (promised, 0.0),
    }  # fmt: skip
    return Published(case, "bankruptcy", DEFAULT, SOLVED, parameters, expected, AFTER_INERTIA)


DEFAULT = "Zame (1993); Dubey, Geanakoplos and Shubik, Default and Punishment (2005)"

SOLVED = "the example of section 2 with their penalty, solved by hand in closed_form_default"

AFTER_INERTIA = 1e-8
"""Largest error of a quote or a promise where plans with inertia come to rest."""

DEFAULTS = (
    _default("default", 1.1, 11 / 28, 28 / 55, penalty=2.2),
    _default("default, delivering all", 1.4, 0.56, 25 / 28, penalty=2.8),
    _default("default deterred", 2.5, 1.0, 0.5, penalty=6.0),
    _default(
        "no default", 5 / 3, 1.0, 4 / 3,
        penalty=6.0, borrower_endowment_later=1.5, borrower_satiation=3.5,
    ),
    _default(
        "lender spends all", 1.1, 0.44, 5 / 11, penalty=2.2, lender_endowment_now=0.5
    ),
    _default("short limit binds", 1.4, 0.5, 0.4, penalty=2.2, short_limit=0.4),
)  # fmt: skip
"""Equilibria with default by choice."""


def _welfare(
    scenario: str,
    limit: float,
    *utilities: tuple[float, ...],
    given: float | None = None,
) -> Published:
    """Utilities at three short limits: as given, where nobody defaults, where nobody borrows."""
    as_given = {} if given is None else {"short_limit, as given": given}
    names = ("as given", "nobody defaults", "nobody borrows")
    return Published(
        f"welfare by short limit, {scenario}", scenario, SOURCE, WELFARE_PLACE,
        expected={
            **as_given,
            "short_limit, nobody defaults": limit,
            "short_limit, nobody borrows": 0.0,
            **{f"utility, {name}": u for name, u in zip(names, utilities, strict=True)},
        },
        tolerance=WELFARE_ERROR,
        looser={"short_limit, nobody defaults": 1e-8},
    )  # fmt: skip


WELFARE_PLACE = "section 4.4, which leaves welfare for future research; recomputed"

WELFARE_ERROR = 1e-7
"""Largest error of a utility; that of the limit where defaults begin is smaller."""

WELFARE = (
    _welfare("bankruptcy", 0.5, (0.379171306623, -1.375), (1.375, -1.375), (0.0, -1.5)),
    _welfare(
        "bankruptcy-capm", 0.387860901802,
        (-3.765784514203, 1.620482755417, 8.044401070225),
        (-3.660263580141, 1.656415305955, 8.099145199485),
        (-3.792679202083, 1.620699752193, 8.025089578556),
        given=10.0,
    ),
)  # fmt: skip
"""Utilities of the cohorts of a scenario's defaults at three short limits.

Of two investors they follow from the closed form: the borrower's are :math:`9/2 - (5/2 + z)^2 / 2`
with the promise z of "bankruptcy", 11/8 and 0. Those of three are recomputed at the equilibria
above."""
