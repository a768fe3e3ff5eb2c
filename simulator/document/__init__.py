"""A report as text, tables and figures, written as one HTML file and as PDF."""
