"""What the agent can do, one module per topic. Plain functions: keyword arguments in, a JSON value out; safe to repeat."""
