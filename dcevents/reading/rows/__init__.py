"""Rows of CSV: bytes to cells, cells by the names of a header, and what these say."""
