"""From operands to blocks of whole lines: files, pipes, members, ranges, and what they were."""
