"""Coefficients and thresholds of the pledgeable security's price, as data.

Source of the economy: Ramirez, "Pledgeable securities in a rational expectations equilibrium",
which prints formulas and no numbers. These were computed from the formulas, printed and corrected,
apart from :mod:`scenarios.pledge.closed_form`, and rounded to ten decimals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scenarios.pledge.closed_form import Primitives, Version

ROUNDING = 5.1e-11
"""Half a unit of the tenth decimal, the last that is given (absolute)."""

EXAMPLE = Primitives(
    value_precision=4.0,
    signal_precision=2.0,
    noise_precision=4.0,
    risk_aversion=2.0,
    wealth=1.0,
    spot_share=0.9,
    mean_value=1.0,
    mean_noise=1.0,
)
"""Precise signals and little wealth: most investors would want more than they own."""

AMPLE = Primitives(
    value_precision=10.0,
    signal_precision=0.2,
    noise_precision=4.0,
    risk_aversion=3.0,
    wealth=10.0,
    spot_share=0.8,
    mean_value=1.5,
    mean_noise=1.13,
)
"""Vague signals and ample wealth: hardly anybody would want more than it owns."""


@dataclass(frozen=True)
class Published:
    """One set of coefficients.

    Attributes
    ----------
    case
        Name, unique in :data:`CASES`.
    primitives, haircut, repo_rate, version
        What :func:`scenarios.pledge.closed_form.coefficients` is given.
    expected
        Coefficients by name, and ``log_price`` in the state of ``log_value``, ``log_noise``.
    log_value, log_noise
        The state.
    rests_on
        Equations and errata, numbered as in this folder's README.
    """

    case: str
    primitives: Primitives
    haircut: float
    repo_rate: float
    version: Version
    expected: Mapping[str, float]
    rests_on: str
    log_value: float = 0.2
    log_noise: float = 0.3


CASES: tuple[Published, ...] = (
    Published(
        case="example, printed",
        primitives=EXAMPLE,
        haircut=0.2,
        repo_rate=0.02,
        version="printed",
        expected=MappingProxyType(
            {
                "tau_theta": 1.7383755101,
                "b0": -0.3379766592,
                "b1": 0.6592373454,
                "b2": 1.0,
                "b3": 0.8,
                "log_price": 0.3786370136,
            }
        ),
        rests_on="Proposition 8 with (25)",
    ),
    Published(
        case="example, printed with the noise of the public signal",
        primitives=EXAMPLE,
        haircut=0.2,
        repo_rate=0.02,
        version="printed-noise",
        expected=MappingProxyType(
            {
                "tau_theta": 1.1568549702,
                "b0": -0.3249763396,
                "b1": 0.6414760243,
                "b2": 1.1928091617,
                "b3": 0.8,
                "log_price": 0.4459278175,
            }
        ),
        rests_on="Proposition 8, erratum 1",
    ),
    Published(
        case="example, corrected",
        primitives=EXAMPLE,
        haircut=0.2,
        repo_rate=0.02,
        version="corrected",
        expected=MappingProxyType(
            {
                "tau_theta": 1.0,
                "b0": -0.1071428571,
                "b1": 0.4285714286,
                "b2": 0.8571428571,
                "b3": 0.8,
                "log_price": 0.5204804894,
            }
        ),
        rests_on="errata 1 to 4",
    ),
    Published(
        case="ample wealth, corrected",
        primitives=AMPLE,
        haircut=0.35,
        repo_rate=0.01,
        version="corrected",
        expected=MappingProxyType(
            {
                "tau_theta": 0.3265306122,
                "b0": 0.2429889793,
                "b1": 0.0500193874,
                "b2": 0.1750678558,
            }
        ),
        rests_on="errata 1 to 4",
    ),
)
"""Every set of coefficients."""

OPTION: Mapping[str, float] = MappingProxyType(
    {
        "call_value": 0.2855094479,
        "d1": 0.6566818480,
        "d2": 0.1566818480,
        "log_pledge_value": 0.3559577546,
        "call_by_haircut": 2.0086804533,
        "bias": 0.2847662037,
        "bias_by_haircut": -5.5966754286,
        "margin_threshold": 0.3237960500,
        "margin_threshold_fixed_point": 1.5882082467,
        "shut_rate": 0.2419902142,
    }
)
"""The option, the bias and the thresholds of the example at h = 0.2, r = 0.02: Proposition 7 with
erratum 7, Lemma 9, (A.46), Proposition 10 with errata 8 and 9, and the repo rate of chi = h."""
