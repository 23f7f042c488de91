"""Routers, addresses, firewalls, cuts and balancers."""
