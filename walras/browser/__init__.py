"""The page in the browser; the only modules that need the extra ``browser``."""
