"""The import of the desktop client's files."""
