"""What a calendar is. Pure: no input, no output."""
