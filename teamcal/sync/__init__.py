"""A department's copy in this process, and how it keeps up with the log."""
