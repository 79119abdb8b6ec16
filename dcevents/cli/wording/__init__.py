"""What people are told: messages, hints, help, and a terminal of any width."""
