"""The SQL files that build the core's tables, shipped as the package ``fleet_migrations``."""
