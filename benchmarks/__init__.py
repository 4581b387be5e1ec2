"""Load measurements of the real server, each beside a bare reference loop: ``python -m benchmarks``."""
