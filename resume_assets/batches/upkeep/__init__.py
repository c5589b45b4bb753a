"""What only a person decides (retry, cancel, resume), and the daily tidying up."""
