"""One module per service of the API, all of one shape: the calls as a table, the values, a class with the operations."""
