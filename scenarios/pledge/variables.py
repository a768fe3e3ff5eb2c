"""What the columns mean that the scenarios of pledgeable securities add to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

LOG: Final = "log of cash per security"

COEFFICIENTS: Final = (
    ("b0", "number", "constant of the log price"),
    ("b1", "number", "coefficient of the log value in the log price"),
    ("b2", "number", "coefficient of the noise in the log price"),
    ("b3", "number", "coefficient of the pledge in the log price"),
    ("tau_theta", "1 / squared log", "precision of the price as a signal of the value"),
)
"""Of a price function, equation (8)."""

TERMS: Final = (
    Variable("haircut", "share of the price", "haircut charged"),
    Variable("repo_rate", "per period", "interest on loans against the security"),
    Variable("bias", LOG, "what being pledgeable adds to the log price"),
    Variable("repo_market", "", "open or shut"),
)

PLEDGEABILITY: Final = {
    "dates": (
        *TERMS,
        Variable("log_value", LOG, "log of the fundamental value"),
        Variable("log_noise", "securities", "noise traders' order"),
        Variable(
            "call_value", "share of the price", "value of the borrower's call on the security"
        ),
        Variable("price_error_sd", LOG, "standard deviation of log prices about the continuum's"),
        *(
            Variable(f"{who}_{name}", unit, f"{meaning}, {what}")
            for who, what in (
                ("conjecture", "as forecasts assume"),
                ("realised", "as orders imply"),
            )
            for name, unit, meaning in COEFFICIENTS
        ),
    ),
    "bias_by_haircut_and_rate": (
        Variable("haircut", "share of the price", "haircut", key=True),
        Variable("repo_rate", "per period", "repo rate", key=True),
        Variable("shut_rate", "per period", "repo rate from which nobody pledges"),
    ),
    **{
        table: (
            Variable("haircut", "share of the price", "haircut", key=True),
            Variable("repo_rate", "per period", "repo rate", key=True),
            Variable("price_variance", "squared log", "variance of the log price given the value"),
            Variable("value_variance", "squared log", "variance of the log value given the price"),
            Variable("price_variance_sd", "squared log", "standard error of the price variance"),
            Variable("value_variance_sd", "squared log", "standard error of the value variance"),
            Variable("bias_sd", LOG, "standard error of the bias"),
        )
        for table in (
            "informativeness_by_haircut",
            "closed_form_by_haircut",
            "informativeness_by_rate",
            "closed_form_by_rate",
        )
    },
    "exact_demand": (
        Variable("market", "", "demand in the simulated markets, or the closed form", key=True),
        *(Variable(*coefficient) for coefficient in COEFFICIENTS),
        *(
            Variable(f"{name}_error", unit, f"standard error: {meaning}")
            for name, unit, meaning in COEFFICIENTS
        ),
        Variable("off", LOG, "standard deviation of log prices about the linear function"),
        Variable("cleared", "share", "markets that cleared"),
    ),
    "report": (
        Variable("price_function", "", "whose price function", key=True),
        *(Variable(*coefficient) for coefficient in COEFFICIENTS),
    ),
}
"""By table, of the scenario ``pledgeability``."""

PLEDGEABLE_SECURITIES: Final = {
    "dates": (
        Variable("haircut_{instrument}", "share of the price", "haircut of {instrument}"),
        Variable("log_value_{instrument}", LOG, "log of the fundamental value of {instrument}"),
        Variable("log_noise_{instrument}", "securities", "noise traders' order of {instrument}"),
        Variable("repo_market_{instrument}", "", "open or shut, for {instrument}"),
    ),
    "report": (
        Variable("pair", "", "two securities", key=True),
        Variable("mean_gap", LOG, "mean over days of the gap of their log prices"),
        Variable("closed_mean_gap", LOG, "the same by the closed form"),
        Variable("value_correlation", "number", "correlation of their log values over days"),
        Variable("price_correlation", "number", "correlation of their log prices over days"),
        Variable("closed_price_correlation", "number", "the latter by the closed form"),
        Variable("standard_error", "number", "standard error of the correlation of log prices"),
    ),
}
"""By table, of the scenario ``pledgeable-securities``."""
