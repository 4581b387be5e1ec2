"""The plugin's schema; a package, so that the SQL files are shipped."""
