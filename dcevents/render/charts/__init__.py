"""Pictures of tables as SVG: fixed coordinates, no script, nothing loaded, text escaped."""
