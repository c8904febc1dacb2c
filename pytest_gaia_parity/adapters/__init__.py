"""Programs outside: one seam that runs them, and what they answer as values."""
