"""What events mean: kinds, attributes, sessions, facts, attempts, conversations. Pure."""
