"""Customers, experts, and the clearing house that funds them."""
