"""The rows that remember every batch and candidate, and who may change them; decides nothing."""
