"""A round against the time that NumPy needs merely to read what the round must read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.economies import UNLIKE, cohort, economy, same_round, with_compiled
from benchmarks.report import Table
from benchmarks.timing import side_by_side


def table(sizes: Sequence[int]) -> Table:
    """Time both, the arrays of those who are long or short at the quotes of the third round."""
    result = Table(
        "reading",
        "Reading the arrays, side by side",
        (
            "economy", "traders", "rows touched", "MB read", "reading, ms",
            "reading and reservation prices, ms", "a round of ours, ms", "ratio",
        ),
    )  # fmt: skip
    for family in with_compiled(tuple(UNLIKE)):
        for size in sizes:
            made = economy(family, size)
            made.step()
            made.step()
            again = same_round(made)
            again()
            traders = cohort(made).primitives
            longs, _ = traders.edge(made.posted.long_rung)
            _, others = traders.edge(made.posted.short_rung)
            must = [
                field[rows]
                for rows, income in (
                    (slice(0, longs), traders.income_up),
                    (slice(others, size), traders.income_down),
                )
                for field in (traders.cash, traders.securities, income)
            ]

            def read(arrays: Sequence[np.ndarray] = must) -> None:
                for array in arrays:
                    np.sum(array)

            def read_more(arrays: Sequence[np.ndarray] = (*must, traders.expected)) -> None:
                for array in arrays:
                    np.sum(array)

            times = side_by_side({"read": read, "more": read_more, "ours": again}, seconds=10.0)
            result.rows.append(
                (
                    family, size, (longs + size - others) / size,
                    sum(array.nbytes for array in must) / 1e6, 1e3 * times["read"],
                    1e3 * times["more"], 1e3 * times["ours"], times["ours"] / times["read"],
                )
            )  # fmt: skip
            made.close()
    result.notes.append(
        "Read are the cash, the securities and one of the incomes of every trader who is long or"
        " short, by np.sum, on one thread. A round finds the two marginal traders by binary search"
        " in the sorted reservation prices and reads no more of them; the column with them is for"
        " comparison, the ratio is without."
    )
    return result
