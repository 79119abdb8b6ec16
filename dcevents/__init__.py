"""dcevents: completion, abandonment and live-chat reports from Adobe Dynamic Chat event logs."""

__version__ = "0.1.0"
