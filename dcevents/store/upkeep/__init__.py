"""Upkeep of a store: what is not kept for ever, and what damage leaves."""
