"""Pulumi's language host for Python, for machines where the vendor's own one cannot be fetched.

Speaks the `LanguageRuntime` protocol of engine 3.250: finds the packages of the program's virtual environment and runs the
program in it, through the SDK's own `pulumi-language-python-exec`; runs plugins that are Python programs (policy packs), too.
"""
