"""What only a person decides (retry, cancel, give up), and the daily deletion of files."""
