"""Pages for browsers and paper: plain data for a template, which escapes it."""
