"""Who pays for whose default: each loss that others bear, by defaulter and payer."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

HOUSE: Final = "the house"
"""The payer of what its capital bears."""

MOST_PAIRS: Final = 100_000
"""Pairs of defaulter and payer that are listed; of more there is no table."""

BORNE: Final = ("fund_used", "assessed", "gains_cut")
"""Columns of the table of members that say what each bears of others' losses."""

COLUMNS: Final = ("case", "date", "defaulter", "payer", *BORNE, "capital_used", "cash")
"""Columns of the table."""


def who_pays(agents: pd.DataFrame) -> pd.DataFrame:
    """Losses beyond defaulters' own margin and contributions, by defaulter and payer, in cash.

    A layer bears the losses of all defaulters of a date together; each payer's part is divided
    among defaulters by what each left uncovered. Columns ``COLUMNS``; ``cash`` adds up to what
    each left.

    Parameters
    ----------
    agents : DataFrame
        The table of members.
    """
    found = [pd.DataFrame(columns=COLUMNS)]
    for _, table in agents.groupby(["case", "date"], sort=False):
        known = (table["name"] if "name" in table else table["member"] + 1).astype(str)
        names = known.where(table["repaid"].notna(), table["cohort"]).to_numpy()
        loss = table["uncovered"].fillna(0.0).to_numpy(dtype=np.float64)
        borne = table[list(BORNE)].fillna(0.0).to_numpy(dtype=np.float64)
        fails, pays = loss > 0.0, borne.any(axis=1)
        pairs = fails.sum() * (pays.sum() + 1)
        if not fails.any() or pairs > MOST_PAIRS:
            continue
        capital = max(float(loss.sum() - borne.sum()), 0.0)
        amounts = np.zeros((pays.sum() + 1, len(BORNE) + 1))
        amounts[:-1, :-1], amounts[-1, -1] = borne[pays], capital
        each = (loss[fails] / loss.sum())[:, None, None] * amounts
        rows = pd.DataFrame(each.reshape(pairs, -1), columns=[*BORNE, "capital_used"])
        rows["cash"] = rows.to_numpy().sum(axis=1)
        rows["case"], rows["date"] = table["case"].iloc[0], table["date"].iloc[0]
        rows["defaulter"] = np.repeat(names[fails], len(amounts))
        rows["payer"] = np.tile(np.append(names[pays], HOUSE), fails.sum())
        found.append(rows[list(COLUMNS)])
    return found[0] if len(found) == 1 else pd.concat(found[1:], ignore_index=True)
