"""Published and recomputed equilibria of the repo market with margins on both sides, as data.

Source of the economy: Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when margins
are raised?", slides.  The slides print two equilibria, to three digits.  Every other row was
recomputed: the equations of the continuum were solved with 40 digits, apart from the root-finding
in :mod:`scenarios.repo.closed_form`, and rounded to 14 digits here.

Names of the expected values: ``belief_long`` and ``belief_short`` are the marginal beliefs (the
probability of the low payoff at which a trader is indifferent to being long, or short), not shares
of traders; the two coincide when beliefs are uniform.  ``need_up`` and ``need_down`` are the least
date-1 incomes at which margin rather than solvency stops the longs, or the shorts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SLIDES_ROUNDING = 5e-4
"""Half a unit of the third decimal, the last that the slides print (absolute)."""

RECOMPUTED_TOLERANCE = 1e-12
"""Relative; the rows carry 14 digits and double precision loses a few to the haircut."""

AMPLE_INCOME = 1000.0
"""Cash at date 1, several times what any row with one rich side needs for full leverage."""

SLIDES = "Bottazzi, Pascoa and Ramirez, slides, caption of the figure for a haircut of"
RECOMPUTED = "recomputed with 40 digits from the equations of the continuum"


@dataclass(frozen=True)
class Published:
    """One equilibrium: where it comes from, its parameters, and what must come out.

    Attributes
    ----------
    case
        Name, unique in :data:`CASES`.
    haircut, low_payoff, high_payoff, cash, securities, income_up, income_down
        Parameters as in :func:`scenarios.repo.closed_form.solve`.
    beliefs
        The two shape parameters of the Beta distribution of beliefs; (1, 1) is uniform.
    regime
        "I", "II" or "III".
    expected
        Values by name; see the module's docstring.
    tolerance
        Largest error allowed in each value.
    relative
        Whether ``tolerance`` is a share of the expected value or absolute.
    source
        Where the values were printed, or that they were recomputed.
    """

    case: str
    haircut: float
    low_payoff: float
    high_payoff: float
    cash: float
    securities: float
    income_up: float
    income_down: float
    beliefs: tuple[float, float]
    regime: str
    expected: Mapping[str, float]
    tolerance: float
    relative: bool
    source: str


def _row(
    case: str,
    *,
    haircut: float,
    income_up: float,
    income_down: float,
    regime: str,
    expected: Mapping[str, float],
    beliefs: tuple[float, float] = (1.0, 1.0),
    tolerance: float = RECOMPUTED_TOLERANCE,
    relative: bool = True,
    source: str = RECOMPUTED,
) -> Published:
    """A row with the payoffs and endowments of the slides' figures, which all rows share."""
    return Published(
        case=case,
        haircut=haircut,
        low_payoff=0.70,
        high_payoff=1.15,
        cash=1.0,
        securities=1.0,
        income_up=income_up,
        income_down=income_down,
        beliefs=beliefs,
        regime=regime,
        expected=MappingProxyType(dict(expected)),
        tolerance=tolerance,
        relative=relative,
        source=source,
    )


def _slides(
    case: str, haircut: float, income_down: float, belief: float, price: float
) -> Published:
    """A point that the slides print, with the income its caption calls sufficient."""
    return _row(
        case,
        haircut=haircut,
        income_up=0.0,
        income_down=income_down,
        regime="I",
        expected={"security_price": price, "repo_rate": 0.0, "belief_long": belief},
        tolerance=SLIDES_ROUNDING,
        relative=False,
        source=f"{SLIDES} {haircut:.0%}",
    )


def _short_market(
    haircut: float,
    regime: str,
    price: float,
    rate: float,
    belief_long: float,
    belief_short: float,
    need_down: float,
) -> Published:
    """Only state D brings income, so margin stops the shorts and solvency can stop the longs."""
    return _row(
        f"short market, haircut {haircut:.0%}",
        haircut=haircut,
        income_up=0.0,
        income_down=AMPLE_INCOME,
        regime=regime,
        expected={
            "security_price": price,
            "repo_rate": rate,
            "belief_long": belief_long,
            "belief_short": belief_short,
            "need_down": need_down,
        },
    )


def _long_market(
    haircut: float,
    regime: str,
    price: float,
    rate: float,
    belief_long: float,
    belief_short: float,
    need_up: float,
) -> Published:
    """Only state U brings income, so margin stops the longs and solvency can stop the shorts."""
    return _row(
        f"long market, haircut {haircut:.0%}",
        haircut=haircut,
        income_up=AMPLE_INCOME,
        income_down=0.0,
        regime=regime,
        expected={
            "security_price": price,
            "repo_rate": rate,
            "belief_long": belief_long,
            "belief_short": belief_short,
            "need_up": need_up,
        },
    )


def _beta(
    haircut: float, regime: str, price: float, rate: float, belief_long: float, belief_short: float
) -> Published:
    """A short market whose beliefs lean towards the optimists."""
    return _row(
        f"Beta(2, 3) beliefs, haircut {haircut:.0%}",
        haircut=haircut,
        income_up=0.0,
        income_down=5000.0,
        beliefs=(2.0, 3.0),
        regime=regime,
        expected={
            "security_price": price,
            "repo_rate": rate,
            "belief_long": belief_long,
            "belief_short": belief_short,
        },
    )


def _no_income(
    haircut: float,
    regime: str = "I",
    price: float = 0.9118054294305161,
    rate: float = 0.0,
    belief_long: float = 0.5293212679321865,
    belief_short: float = 0.5293212679321865,
) -> Published:
    """Nobody earns anything at date 1: at low haircuts margin stops nobody and plays no part.

    The haircut matters again above 11.69%, where the clearing house would have to reinvest more
    of the security than there is and the repo rate turns negative.
    """
    return _row(
        f"no income, haircut {haircut:.0%}",
        haircut=haircut,
        income_up=0.0,
        income_down=0.0,
        regime=regime,
        expected={
            "security_price": price,
            "repo_rate": rate,
            "belief_long": belief_long,
            "belief_short": belief_short,
        },
    )


# Columns: haircut, regime, price, repo rate, belief of the marginal long, of the marginal short,
# income needed by the side that margin stops.
CASES: tuple[Published, ...] = (
    _slides("slides, haircut 1%", 0.01, 107.6, 0.881, 0.754),
    _slides("slides, haircut 3%", 0.03, 34.7, 0.801, 0.789),
    _short_market(
        0.01, "I", 0.75369440151074, 0.0, 0.88067910775390, 0.88067910775390, 90.458601187375
    ),
    _short_market(
        0.02, "I", 0.77433596434045, 0.0, 0.83480896813234, 0.83480896813234, 41.266039252363
    ),
    _short_market(
        0.03, "I", 0.78947543167049, 0.0, 0.80116570739891, 0.80116570739891, 25.450124926514
    ),
    _short_market(
        0.05,
        "II",
        1.0900123256952,
        -0.24336505041186,
        0.69332229703899,
        0.75227138694840,
        10.891775040686,
    ),
    _short_market(
        0.10,
        "II",
        1.3854538001795,
        -0.37260079650099,
        0.50921171185879,
        0.73864335161978,
        3.3375794430920,
    ),
    _short_market(
        0.30, "III", 1.2249276739707, -0.27519143889917, 0.35785567207226, 0.80730848426879, 0.0
    ),
    _long_market(
        0.01, "I", 1.0842702541624, 0.0, 0.14606610186138, 0.14606610186138, 71.783204873502
    ),
    _long_market(
        0.03, "I", 1.0429160167882, 0.0, 0.23796440713735, 0.23796440713735, 20.347785050630
    ),
    _long_market(
        0.05,
        "II",
        1.2462432970330,
        -0.19200246099553,
        0.29127643110011,
        0.34445015999556,
        9.2504605399520,
    ),
    _beta(0.01, "I", 0.81948505887351, 0.0, 0.73447764694775, 0.73447764694775),
    _beta(0.10, "II", 1.1271122954625, -0.18199160864346, 0.46111152518506, 0.55227818286196),
    _no_income(0.0),
    _no_income(0.01),
    _no_income(0.05),
    _no_income(0.11),
    _no_income(
        0.12, "II", 0.95930841836931, -0.049878136143707, 0.51732950137442, 0.54284870985188
    ),
    _no_income(0.15, "II", 1.1986210897369, -0.24190669316467, 0.43964489958323, 0.63294787570035),
)
"""Every published or recomputed equilibrium."""
