"""Longs, shorts and holders of cash, and their clearing house."""
