"""Traders who borrow against an asset from date to date, and the house that holds the asset."""
