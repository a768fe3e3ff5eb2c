"""Spot markets for securities that may be pledged in repo."""
