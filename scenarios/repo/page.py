"""What the scenarios ``margin-hike`` and ``euro-crisis`` show in the browser."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from agents.repo.positions import positions
from agents.repo.traders import Traders
from markets.repo.quotes import RepoQuotes
from scenarios.repo import pictures
from simulator import palette
from simulator.page_plan import Account, Announcement, Control, Curve, Line, Page, Picture
from simulator.point import ScenarioEconomy


def line_of_beliefs(economy: ScenarioEconomy, limit: int) -> pd.DataFrame:
    """Belief and order at the posted quotes of traders chosen evenly along the line of beliefs."""
    posted = economy.posted
    assert isinstance(posted, RepoQuotes)
    tables = []
    for cohort in (cohort for cohort in economy.cohorts if isinstance(cohort, Traders)):
        rows = np.linspace(0, cohort.members - 1, min(limit, cohort.members)).astype(np.int64)
        security, traders = posted.security, cohort.primitives.at(posted.price)
        own = traders.row_of(rows.astype(np.float64))
        tables.append(
            pd.DataFrame(
                {
                    "belief": (security.high_payoff - traders.expected[rows])
                    / (security.high_payoff - security.low_payoff),
                    "security": positions(traders, posted, 0.0, own).security / traders.mass(own),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def marginal_traders(economy: ScenarioEconomy) -> dict[str, float]:
    """Beliefs of the traders who are indifferent; without reuse nobody compares being short."""
    posted = economy.posted
    assert isinstance(posted, RepoQuotes)
    beliefs = zip(("marginal long", "marginal short"), posted.marginal_beliefs, strict=True)
    return {name: belief for name, belief in beliefs if np.isfinite(belief)}


PAGE = Page(
    controls=(
        Control("market"),
        Control("haircuts", 0.0, 0.5, 0.005, label="haircut at the first date"),
        Control("reuse", choices=(True, False)),
        Control("carry", choices=(False, True)),
        Control("traders", choices=(10, 100, 1_000, 10_000, 100_000, 1_000_000)),
        Control("low_payoff", 0.0, 1.5, 0.05),
        Control("high_payoff", 0.05, 2.0, 0.05),
        Control("cash", 0.0, 5.0, 0.1),
        Control("beliefs"),
        Control("population"),
        Control("start"),
    ),
    curves=(
        Curve("security_price", "security price", "cash per security", palette.PRICE),
        Curve("repo_rate", "repo rate", "percent per period", palette.REPO_RATE, 100.0),
    ),
    line=Line(
        along="belief",
        held="security",
        along_label="belief (probability of the low payoff)",
        held_label="security held (units, negative if short)",
        traders=line_of_beliefs,
        marks=marginal_traders,
    ),
    accounts=(
        Account("margin_held", "margin held", "cash"),
        Account("reinvested", "reinvested in repo", "securities"),
        Account("balance_now", "balance at date 0", "cash", "balance"),
        Account("balance_up", "balance at date 1, state U", "cash", "balance"),
        Account("balance_down", "balance at date 1, state D", "cash", "balance"),
        Account("balance_collateral", "collateral", "securities", "balance"),
    ),
    announcement=Announcement("haircuts", "haircut", 0.0, 0.5, 0.005),
    certify_rounds=True,
    pictures=(
        Picture("Price against the haircut", pictures.price_against_haircut, pictures.haircut_text),
        Picture("Isoleverage lines", pictures.isoleverage_lines, pictures.isoleverage_text),
    ),
)

EURO_CRISIS_PAGE = replace(
    PAGE,
    controls=(
        Control("traders", choices=(10, 100, 1_000, 10_000, 100_000)),
        Control("horizon", 1, 10, 1),
        Control("payoffs"),
        Control("low_payoff", 0.0, 1.1, 0.05),
        Control("high_payoff", 0.75, 2.0, 0.05),
        Control("income", 0.0, 2_000.0, 100.0),
        Control("population"),
    ),
    announcement=None,
    case_label="market, and episode",
    pictures=(Picture("Haircut, yield and price", pictures.episode, pictures.episode_text),),
)
