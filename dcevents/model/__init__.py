"""The meaning of events: kinds, attributes, sessions, facts, attempts, conversations. Pure."""
