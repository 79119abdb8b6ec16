"""The command `send`: what is selected, looking at it, sending it."""
