"""From bytes to a log: inputs, framing, the judge of one record, the scanner."""
