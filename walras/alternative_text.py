"""What each panel of the page shows, in a sentence for those who can't see it."""

from __future__ import annotations

from walras.moment import Moment


def quotes(moment: Moment) -> str:
    """The quotes after the last round, beside the closed form where there is one."""
    closed = moment.closed_forms.get(moment.date, {})
    said = []
    for curve in moment.curves:
        text = f"{curve.name or curve.label} {curve.scale * moment.quotes[curve.quote]:.6g}"
        if curve.quote in closed:
            text += f" (closed form {curve.scale * closed[curve.quote]:.6g})"
        said.append(f"{text} {curve.unit}")
    return f"Quotes by round, {_when(moment)}: {'; '.join(said)}."


def excess(moment: Moment) -> str:
    """The excess demand of the last round."""
    if moment.rounds.empty:
        return "Excess demand by round: no round yet."
    last = moment.rounds.iloc[-1]
    said = [
        f"{name.removesuffix('_excess').replace('_', ' ')} {last[f'{name}_share']:.1e}"
        for name in moment.excess_names
    ]
    return (
        f"Excess demand by round as a share of what is traded, {_when(moment)}: {'; '.join(said)};"
        f" cleared at {moment.tolerance:.0e}."
    )


def positions(moment: Moment) -> str:
    """How many traders are on each side, and who is marginal."""
    line = moment.line
    assert line is not None
    if moment.traders.empty:
        return f"{line.held_label} along {line.along_label}: no round yet."
    held = moment.traders[line.held]
    long, none, short = line.names
    small = 1e-12 * max(float(held.abs().max()), 1.0)
    shares = {long: held > small, none: held.abs() <= small, short: held < -small}
    said = [f"{100.0 * float(these.mean()):.0f}% {name}" for name, these in shares.items()]
    said += [f"{name} at {place:.4g}" for name, place in moment.marks.items()]
    return f"{line.held_label} along {line.along_label}, {_when(moment)}: {'; '.join(said)}."


def _when(moment: Moment) -> str:
    return f"date {moment.date}, round {moment.round}"
