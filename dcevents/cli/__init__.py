"""The command line: options in, report out."""
