"""What drives an output, and what knowing more would tell."""
