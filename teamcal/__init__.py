"""The calendar server: departments, their events, and every change to all members at once."""

VERSION = "1.0.0"
