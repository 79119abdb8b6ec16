"""Numbers in the place of texts and events, as reading makes them. Knows no polars."""
