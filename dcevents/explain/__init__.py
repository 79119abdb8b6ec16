"""The explanation of one session, event by event, with the rule that decided each outcome."""
