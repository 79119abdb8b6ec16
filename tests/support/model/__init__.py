"""Parts of a slow, obvious model of reading, to compare the package with: definitions 1."""
