"""What the local cloud knows: records by subject, the store that keeps them, their ids and errors. Imports nothing of ours."""
