"""One palette and one style for every figure and for the page in the browser.

Seven colours are those of Okabe and Ito, "Color universal design" (2008), made to be told apart
with any of the common colour deficiencies; cash and a failed condition have a grey and a wine red
that keep clear of them. Each colour keeps one meaning everywhere. No figure leans on colour alone:
lines differ in dash or marker too, verdicts carry a sign.

Figures are built from ``matplotlib.figure.Figure``, never through pyplot, so that they work without
a display and in a server; :func:`styled` gives them their look. Matplotlib is loaded when the first
one is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONG: Final = "#0072B2"
"""Holders who are long, and the market named after them (blue)."""

SHORT: Final = "#D55E00"
"""Holders who are short, and the market named after them (vermilion)."""

CASH: Final = "#737373"
"""Holders of cash alone (grey, dark enough not to be taken for the clearing house)."""

HOUSE: Final = "#CC79A7"
"""The clearing house: its haircut, its margin and what it reinvests (reddish purple)."""

PRICE: Final = "#000000"
"""The price of a security, or the yield that stands for it (black)."""

REPO_RATE: Final = "#56B4E9"
"""The repo rate (sky blue)."""

CLOSED_FORM: Final = "#E69F00"
"""What theory says, always dashed (orange)."""

GOOD: Final = "#009E73"
"""A condition of a certificate that holds, a sign that agrees (bluish green)."""

BAD: Final = "#882255"
"""A condition that fails; wine red, so that it is not taken for a short position."""

EXCESS: Final = (PRICE, REPO_RATE, HOUSE, CLOSED_FORM, GOOD, LONG, SHORT, BAD)
"""Excess demand by market, in the order of the markets; each like the quote that it moves."""

HOLDERS: Final = {"long": LONG, "cash": CASH, "short": SHORT}
"""Colour of a holder by the side it is on."""

INK: Final = "#262626"
"""Text and axes."""

NEUTRAL: Final = ("#4D4D4D", "#A6A6A6", "#D4D4D4", "#EDEDED")
"""Greys without a meaning of their own, dark to light: notes, separators, grid, shading."""

DOTS_PER_INCH: Final = 100
"""Resolution at which figures are laid out, and of the PNG files."""

PRINT_DOTS_PER_INCH: Final = 180
"""Resolution of PNG files that are kept: a figure 12 inches wide has 300 dots per inch on A4."""

STYLE: Final[dict[str, Any]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": NEUTRAL[0],
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 11.0,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12.0,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.dpi": DOTS_PER_INCH,
    "figure.titlesize": 15.0,
    "figure.titleweight": "bold",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.0,
    "grid.color": NEUTRAL[3],
    "grid.linewidth": 0.8,
    "legend.fontsize": 10.0,
    "legend.framealpha": 0.9,
    "legend.edgecolor": NEUTRAL[2],
    "lines.linewidth": 2.0,
    "lines.markersize": 5.0,
    "savefig.dpi": DOTS_PER_INCH,
    "svg.fonttype": "path",
    "svg.hashsalt": "walras",
    "text.color": INK,
    "xtick.color": NEUTRAL[0],
    "xtick.labelcolor": INK,
    "xtick.labelsize": 10.0,
    "ytick.color": NEUTRAL[0],
    "ytick.labelcolor": INK,
    "ytick.labelsize": 10.0,
}
"""Matplotlib's settings where they differ from its own defaults."""

LAYOUT_DIGITS: Final = 6
"""Decimals, in parts of the figure, kept of where axes stand; far below a pixel."""

_ONE_AT_A_TIME = RLock()
"""Matplotlib's settings belong to the process; two threads must not restyle it at once."""


@contextmanager
def styled() -> Iterator[None]:
    """Build and save figures in this style, whatever the user's own settings are.

    Settings go back to what they were at the end. Figures that are built, :func:`laid_out` and
    saved inside have the same bytes every time, given the same Matplotlib and metadata that do
    not name the time of writing. Also a decorator.

    Examples
    --------
    >>> import io
    >>> from matplotlib.figure import Figure
    >>> with styled():
    ...     figure = Figure()
    ...     figure.savefig(io.BytesIO(), format="svg", metadata={"Date": None})
    """
    from matplotlib import style

    with _ONE_AT_A_TIME, style.context(["default", STYLE]):
        yield


def laid_out(figure: Figure) -> Figure:
    """Arrange the figure now, for good, and so that it comes out the same every time.

    Matplotlib's constrained layout solves for positions in an order that depends on where objects
    lie in memory; the last digits vary with it, and with them the bytes of a vector file. So the
    positions are rounded to ``LAYOUT_DIGITS`` and kept. Call it last, inside :func:`styled`.
    """
    from matplotlib.transforms import Bbox

    engine = figure.get_layout_engine()
    if engine is not None and figure.axes:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        corners = axes.get_position(original=True).extents
        axes.set_position(Bbox.from_extents(*(round(float(c), LAYOUT_DIGITS) for c in corners)))
        axes.set_in_layout(True)
    return figure


def file_of(figure: Figure, kind: str, dpi: float) -> bytes:
    """The figure as a file, with the same bytes every time: without the time of writing.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, which is :func:`laid_out` for good.
    kind : str
        ``png``, ``svg`` or ``pdf``.
    dpi : float
        Dots per inch of PNG files.
    """
    from matplotlib import rc_context

    undated: dict[str, dict[str, str | None]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": "walras"},
        "pdf": {"CreationDate": None, "Creator": "walras"},
    }
    file = io.BytesIO()
    # Matplotlib draws a figure once more per file for a layout; this one has its own for good
    with styled(), rc_context({"figure.constrained_layout.use": False}):
        laid_out(figure).set_layout_engine(None)
        figure.savefig(file, format=kind, dpi=dpi, metadata=undated[kind])
    return file.getvalue()


def tint(colour: str, strength: float) -> str:
    """Mix a colour with white: 1 leaves it alone, 0 is white.

    Examples
    --------
    >>> tint("#000000", 0.2)
    '#cccccc'
    """
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"strength is {strength}; it must lie between 0 and 1")
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = (1.0 - strength * (1.0 - part) for part in to_rgb(colour))
    return to_hex((red, green, blue))
