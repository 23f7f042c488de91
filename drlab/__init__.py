"""The command line: sets everything up, brings stages up and down, shows, breaks and repairs what runs."""

__version__ = "0.1.0"
