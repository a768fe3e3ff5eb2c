"""Informed investors, noise traders, and their clearing house."""
