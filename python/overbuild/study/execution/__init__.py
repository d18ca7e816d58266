"""A run: chunks of draws evaluated somewhere and put together."""
