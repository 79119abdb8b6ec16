"""The explanation of sessions, event by event and rule by rule."""
