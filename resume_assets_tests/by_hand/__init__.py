"""Jobs that a person starts in the UI."""
