"""Bytes → records → what they say."""
