"""Traders who differ in beliefs, and the clearing house that holds their collateral."""
