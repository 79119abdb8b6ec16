"""The way of an event from a page to a report, played in a real browser against a real server."""
