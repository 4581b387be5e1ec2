"""The platform's own methods, one noun per file, declared with the same values as a plugin's."""
