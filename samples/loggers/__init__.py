"""Small programs that log events with the loggers of a language."""
