"""What is to be done again and again, at the API's times."""
