"""Random economies far from the papers: how many clear, and whether they are right."""
