"""Markets for an asset at every node of a tree of news, and one-period loans against it."""
