"""Who pays for whose default: each loss that others bear, by defaulter and payer."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

HOUSE: Final = "the house"
"""The payer of what its capital bears."""

MOST_PAIRS: Final = 100_000
"""Pairs of defaulter and payer that are listed; of more there is no table."""

COLUMNS: Final = ("case", "date", "defaulter", "payer", "fund_used", "assessed", "gains_cut",
                  "capital", "cash")  # fmt: skip
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
    found = []
    for (case, date), table in agents[agents["repaid"].notna()].groupby(
        ["case", "date"], sort=False
    ):
        table = table.assign(member=table["name"] if "name" in table else table["member"] + 1)
        failed = table[table["uncovered"] > 0.0]
        borne = ["fund_used", "assessed", "gains_cut"]
        left = float(failed["uncovered"].sum())
        payers = table[table[borne].sum(axis=1) > 0.0]
        if failed.empty or len(failed) * (len(payers) + 1) > MOST_PAIRS:
            continue
        capital = max(left - float(payers[borne].to_numpy().sum()), 0.0)
        paid = pd.DataFrame(
            {"payer": payers["member"].astype(str), **payers[borne], "capital": 0.0}
        )
        house = dict.fromkeys(borne, 0.0) | {"payer": HOUSE, "capital": capital}
        paid = pd.concat([paid, pd.DataFrame([house])], ignore_index=True)
        for name, loss in zip(failed["member"], failed["uncovered"], strict=True):
            rows = paid.copy()
            amounts = [*borne, "capital"]
            rows[amounts] *= loss / left
            found.append(
                rows.assign(case=case, date=date, defaulter=str(name),
                            cash=np.asarray(rows[amounts].sum(axis=1)))
            )  # fmt: skip
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]
