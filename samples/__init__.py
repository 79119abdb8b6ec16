"""What makes the sample logs: traffic, the shapes that sites log it in,
programs that write those.
"""
