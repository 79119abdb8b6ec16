"""One record, exactly: what it says. So far its timestamps and its JSON."""
