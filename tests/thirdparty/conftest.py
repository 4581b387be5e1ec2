"""The distributions in this folder have tests of their own, which run where they are installed."""

collect_ignore = ["fleet_echo"]
