"""How fast the server is and what it costs to run, beside others, in one run on one machine."""
