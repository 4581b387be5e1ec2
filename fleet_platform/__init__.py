"""Fleet Platform: a small core that keeps live twins of Shelly devices; everything else is a plugin."""

__version__ = "0.1.0"
