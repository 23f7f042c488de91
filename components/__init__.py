"""Reusable parts: an arguments value and a short component each. They know no stage, no configuration, no environment."""
