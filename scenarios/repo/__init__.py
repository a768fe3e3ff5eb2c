"""Repo margins charged by a clearing house: Bottazzi, Pascoa and Ramirez."""
