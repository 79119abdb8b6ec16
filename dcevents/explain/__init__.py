"""One session told line by line, with the rule that decided each outcome."""
