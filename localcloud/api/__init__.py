"""The API on the wire: signatures, envelopes, one call with its inputs."""
