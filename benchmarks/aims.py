"""What was aimed at, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.report import Cell, Table

MEMBERS_SECONDS = 10.0
"""Processor seconds in which a million members of a file are to be certified."""


def table(tables: Sequence[Table]) -> Table:
    """Compare the measurements with the aims, one per row; misses are shown as misses."""
    named = {one.name: one for one in tables}
    result = Table("aims", "Aims", ("aim", "measured", "met"))

    def say(aim: str, measured: str, met: bool) -> None:
        result.rows.append((aim, measured, "yes" if met else "NO"))

    mesa = _records(named["one_agent_per_trader"])
    for family in dict.fromkeys(row["economy"] for row in mesa):
        largest = [row for row in mesa if row["economy"] == family][-1]
        ratio = float(largest["ratio"])
        say(
            f"a round at {largest['traders']:,} traders at least 300 times faster than one Mesa"
            f" agent per trader ({family})",
            f"{ratio:.0f} times",
            ratio >= 300.0,
        )
    for row in _records(named["reading"]):
        if row["traders"] == max(named["reading"].column("traders")):
            ratio = float(row["ratio"])
            say(
                f"a round at {row['traders']:,} within 4 times reading ({row['economy']})",
                f"{ratio:.2f} times",
                ratio <= 4.0,
            )
    for row in _records(named["parts"]):
        share = float(row["record, %"])
        say(
            f"recording under 10% of a round ({row['economy']}, {row['traders']:,})",
            f"{share:.1f}%",
            share < 10.0,
        )
    for row in _records(named["replay"]):
        say(
            f"{row['dates']:,} dates under {row['number']} margin rules in under 30 s"
            f" ({row['rules']})",
            f"{float(row['seconds']):.1f} s",
            float(row["seconds"]) < 30.0,
        )
    followed = [r for r in _records(named["margin_rules"]) if "every" in str(r["rule"])]
    dearest = max(followed, key=lambda row: float(row["ratio per round"]))
    say(
        "a margin rule in the rounds costs less than twice a flat one, per round",
        f"{float(dearest['ratio per round']):.2f} times ({dearest['rule']},"
        f" {dearest['traders']:,} traders; with the rounds it adds"
        f" {float(dearest['ratio per date']):.2f} times per date)",
        float(dearest["ratio per round"]) < 2.0,
    )
    largest_file = max(named["members"].column("traders"))
    for row in _records(named["members"]):
        if row["given by"] == "a file" and row["traders"] == largest_file:
            seconds = float(row["whole"])
            say(
                f"{row['traders']:,} members of a CSV file read, cleared and certified in"
                f" {MEMBERS_SECONDS:.0f} s",
                f"{seconds:.3g} s, {row['ratio']:.3g} times the same market without a file",
                seconds <= MEMBERS_SECONDS,
            )
    *_, two = (r for r in _records(named["sweep_workers"]) if str(r["runs"]).startswith("a sweep"))
    say(
        "a sweep at two workers at least 85% efficient, by wall clock",
        f"{float(two['efficiency by wall clock']):.0%}"
        f" ({float(two['efficiency by processor']):.0%} by processor)",
        float(two["efficiency by wall clock"]) >= 0.85,
    )
    solvers = _records(named["solvers"])
    mine, others = solvers[0], solvers[1:]
    problems = int(mine["problems"])
    failing = [row for row in others if int(row["true successes"]) < problems]
    say(
        "success from every start",
        f"{mine['true successes']} of {problems}; {len(failing)} of {len(others)} root finders"
        " fail on some",
        mine["true successes"] == problems,
    )
    best = min(
        (row for row in others if row["mean"] != "none"),
        key=lambda row: (-int(row["true successes"]), float(row["mean"])),
    )
    say(
        "rounds no more than evaluations of the best root finder (most successes, then mean)",
        f"mean {mine['mean']:.3g} against {best['mean']:.3g} ({best['method']}); no more in"
        f" {best['ours needs no more, %']:.3g}% of the problems that both solve",
        float(mine["mean"]) <= float(best["mean"]),
    )
    afterwards = named["solvers_afterwards"]
    for row in _records(afterwards):
        say(
            "rounds no more than evaluations of whichever root finder is best, problem by problem",
            f"in {row['no more']} of {row['problems']}; mean {row['mean of ours']:.3g} against"
            f" {row['mean of the best']:.3g}",
            row["no more"] == row["problems"],
        )
    result.notes.append(
        "Where a ratio to Mesa agents falls short, the table of parts shows why: the rule that"
        " moves quotes and the fixed costs of NumPy calls take longer than the arrays do."
    )
    return result


def _records(table: Table) -> list[Mapping[str, Cell]]:
    """Rows by column name."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]
