"""Load balancers, and what HAProxy is told of them."""
