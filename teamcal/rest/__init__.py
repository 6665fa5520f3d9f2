"""REST: parse, call the calendar, answer. A file per resource."""
