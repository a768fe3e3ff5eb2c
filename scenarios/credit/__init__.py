"""Collateralised credit on an event tree: Iraola and Torres-Martinez (2012)."""
