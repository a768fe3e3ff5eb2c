"""Names that every program takes."""

from simulator.short_names import LONGEST, short_names


def test_short_names_are_unique_and_taken_by_every_program() -> None:
    names = ["price[j0@u]", "price(j0@u)", "Price_j0_u", "if", "2nd", "x" * 50, "x" * 51, ""]
    short = list(short_names(names).values())
    assert short[:4] == ["price_j0_u", "price_j0_u_2", "Price_j0_u_3", "if_2"]
    assert len({name.casefold() for name in short}) == len(short)
    assert all(len(name) <= LONGEST and name.isidentifier() for name in short)
