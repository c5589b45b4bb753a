"""Which batch comes next and how large it may be, and which run is due; nothing is sent here."""
