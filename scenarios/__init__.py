"""Published economies, one folder per paper."""
