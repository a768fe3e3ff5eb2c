"""Haircut increases on sovereign bonds in the euro crisis."""
