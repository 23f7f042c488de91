"""The one privileged part of the local cloud: a small server on a Unix socket, and the client that talks to it.

`client` is for the engines and needs nothing but the standard library; everything else runs in the agent's container.
"""
