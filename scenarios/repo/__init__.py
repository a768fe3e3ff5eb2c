"""Repo margins charged by a clearing house: Bottazzi, Pascoa and Ramirez."""

from __future__ import annotations

from simulator.title import Title

SOURCE = (
    "Bottazzi, Pascoa and Ramirez, Do security prices rise or fall when margins are raised?"
    " (slides)"
)

MARGIN_HIKE = Title(
    name="margin-hike",
    summary="a clearing house raises its haircut: does the price fall or rise?",
    source=SOURCE,
    module="scenarios.repo.margin_hike",
)

EURO_CRISIS = Title(
    name="euro-crisis",
    summary="seven haircut increases on sovereign bonds, 2010 to 2012, beside the simulated"
    " price in a short and in a long market",
    source="Bottazzi, Pascoa and Ramirez (slides); yields investing.com, haircuts LCH.Clearnet and"
    " CC&G",
    module="scenarios.repo.euro_crisis",
)
