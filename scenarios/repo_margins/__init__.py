"""Repo margins charged by a clearing house."""
