"""Published and recomputed equilibria of the repo market with margins on both sides, as data.

Source of the economy: Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when margins
are raised?", slides. The slides print two equilibria, to three digits. Every other row was
recomputed: the equations of the continuum were solved with 40 digits, apart from the root-finding
in :mod:`scenarios.repo.closed_form`, and rounded to 14 digits here.

Names of the expected values beside the quotes: ``marginal_belief_long`` and
``marginal_belief_short`` are the probabilities of the low payoff at which a trader is indifferent
to being long, or short; ``marginal_from_net_trades`` is the same by the ratio of net trades, as in
the slides' figure of both; ``marginal_short`` is the share of traders who are not short; ``regime``
is the number of the regime; ``need_up`` and ``need_down`` are the least incomes at date 1 at which
margin rather than solvency constrains the longs, or the shorts.
"""

from __future__ import annotations

from simulator.published import Kind, Published

SLIDES_ROUNDING = 5e-4
"""Half a unit of the third decimal, the last that the slides print."""

RECOMPUTED_TOLERANCE = 1e-12
"""Relative; the rows carry 14 digits and double precision loses a few to the haircut."""

AT_REST = 1e-9
"""Relative; rounds rest as near to the equilibrium of the continuum."""

AMPLE_INCOME = 1000.0
"""Cash at date 1, several times what any row with one rich side needs for full leverage."""

SLIDES = "Bottazzi, Pascoa and Ramirez, Do security prices rise or fall when margins are raised?"
RECOMPUTED = "recomputed with 40 digits from the equations of the continuum"

SLIDES_POINTS = ((0.01, 107.6, 0.881, 0.754), (0.03, 34.7, 0.801, 0.789))
"""What the slides print: haircut, sufficient income in state D, marginal belief, price."""


def _row(
    case: str,
    haircut: float,
    income_up: float,
    income_down: float,
    regime: str,
    numbers: dict[str, float],
    beliefs: str = "uniform",
    place: str = RECOMPUTED,
    tolerance: float = RECOMPUTED_TOLERANCE,
    *,
    reuse: bool = True,
    kind: Kind = "derived",
) -> Published:
    """A row with the payoffs and endowments of the slides' figures, the scenario's defaults."""
    return Published(
        case=f"{case}, haircut {haircut:.0%}",
        scenario="margin-hike",
        citation=SLIDES,
        place=place,
        parameters={
            "haircuts": [haircut],
            "income_up": income_up,
            "income_down": income_down,
            "beliefs": beliefs,
            "population": "continuum",
            "reuse": reuse,
        },
        expected={"regime": regime, **numbers},
        tolerance=tolerance,
        kind=kind,
        at_rest=AT_REST,
        relative=place == RECOMPUTED,
    )


def _numbers(
    price: float, rate: float, belief_long: float, belief_short: float, **needs: float
) -> dict[str, float]:
    return {
        "security_price": price,
        "repo_rate": rate,
        "marginal_belief_long": belief_long,
        "marginal_belief_short": belief_short,
        **needs,
    }


def _slides(haircut: float, income_down: float, belief: float, price: float) -> Published:
    """A point that the slides print, with the income its caption calls sufficient."""
    numbers = {
        "security_price": price,
        "repo_rate": 0.0,
        "marginal_belief_long": belief,
        "marginal_from_net_trades": belief,
    }
    place = f"caption of the figure for a haircut of {haircut:.0%}"
    return _row(
        "slides", haircut, 0.0, income_down, "I", numbers, place=place, tolerance=SLIDES_ROUNDING,
        kind="printed",
    )  # fmt: skip


def _short_market(haircut: float, regime: str, *numbers: float) -> Published:
    """Income in state D only: margin constrains the shorts, solvency may constrain the longs."""
    *quotes, need = numbers
    expected = _numbers(*quotes, need_down=need)
    return _row("short market", haircut, 0.0, AMPLE_INCOME, regime, expected)


def _long_market(haircut: float, regime: str, *numbers: float) -> Published:
    """Income in state U only: margin constrains the longs, solvency may constrain the shorts."""
    *quotes, need = numbers
    expected = _numbers(*quotes, need_up=need)
    return _row("long market", haircut, AMPLE_INCOME, 0.0, regime, expected)


def _beta(haircut: float, regime: str, *numbers: float) -> Published:
    """A short market whose beliefs lean towards the optimists."""
    expected = _numbers(*numbers)
    return _row("Beta(2, 3) beliefs", haircut, 0.0, 5000.0, regime, expected, "beta(2, 3)")


def _no_income(
    haircut: float,
    regime: str = "I",
    price: float = 0.9118054294305161,
    rate: float = 0.0,
    belief_long: float = 0.5293212679321865,
    belief_short: float = 0.5293212679321865,
) -> Published:
    """Nobody earns anything at date 1: at low haircuts margin constrains nobody and plays no part.

    The haircut matters again above 11.69%, where the clearing house would have to reinvest more
    of the security than there is and the repo rate turns negative.
    """
    expected = _numbers(price, rate, belief_long, belief_short)
    return _row("no income", haircut, 0.0, 0.0, regime, expected)


def _without_reuse(
    haircut: float, price: float, belief: float, need: float, beliefs: str = "uniform"
) -> Published:
    """Nobody can be short, and margin constrains the longs: ample income in state U."""
    return _row(
        f"without reuse, {beliefs} beliefs",
        haircut,
        AMPLE_INCOME,
        0.0,
        "I",
        {
            "security_price": price,
            "repo_rate": 0.0,
            "marginal_belief_long": belief,
            "marginal_short": 1.0,
            "need_up": need,
        },
        beliefs,
        reuse=False,
    )


# Columns: haircut, regime, price, repo rate, belief of the marginal long, of the marginal short,
# income needed by the side that margin constrains.
CASES: tuple[Published, ...] = (
    *(_slides(*point) for point in SLIDES_POINTS),
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
    _without_reuse(0.01, 1.1475953667854, 0.0053436293658202, 81.614832029164),
    _without_reuse(0.03, 1.1428001675120, 0.015999627751181, 25.532854191340),
    _without_reuse(0.50, 1.0355359966003, 0.25436445199933, 0.0),
    _without_reuse(0.10, 1.1049111531176, 0.10019743751650, 5.6088493588843, "beta(2, 3)"),
)
"""Every published or recomputed equilibrium."""
