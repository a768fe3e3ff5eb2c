"""What does not fit into a figure is found."""

from matplotlib.figure import Figure

from simulator.column_figure import problems
from simulator.palette import styled


def test_texts_on_one_another_and_beyond_the_edge_are_found() -> None:
    with styled():
        figure = Figure((3.0, 2.0))
        figure.text(0.5, 0.5, "one")
        figure.text(0.5, 0.5, "two")
        figure.text(0.95, 0.9, "a long text")
        assert problems(figure) == ['"a long text" is cut off', '"one" and "two" overlap']
