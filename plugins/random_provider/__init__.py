"""Stand-in for pulumi-random's plugin, for machines where it cannot be fetched.

Driven by the unchanged `pulumi_random` SDK; semantics of version 4.x: every input forces a replacement, `keepers` too.
"""
