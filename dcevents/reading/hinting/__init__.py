"""What records look like that are not read, kind by kind."""
