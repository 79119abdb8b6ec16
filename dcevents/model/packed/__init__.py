"""Facts in as few bytes as they need, in columns of polars."""
