"""Docker's API, as far as the engines need it."""
