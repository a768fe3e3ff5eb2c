"""Consumers who exchange what they own, and the house that nets their orders."""
