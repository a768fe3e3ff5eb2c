"""Goods that are traded for each other."""
