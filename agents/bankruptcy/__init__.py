"""Investors who may go bankrupt, and their clearing house."""
