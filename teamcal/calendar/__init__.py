"""Use cases: what can be done with departments and events."""
