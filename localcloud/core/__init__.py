"""What all services share: records and their store, reading calls, errors, and the parts that put records onto engines."""
