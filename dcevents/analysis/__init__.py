"""What is asked of a log: windows, filters, the quality of the input, alerts."""
