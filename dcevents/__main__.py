"""`python -m dcevents` is the same as `dcevents`."""

from dcevents.cli import main

if __name__ == "__main__":
    main()
