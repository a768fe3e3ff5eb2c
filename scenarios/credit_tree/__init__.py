"""Collateralised credit on an event tree: who pays, who prepays, who defaults."""
