"""What keeps the engines in line with the records, by subject."""
