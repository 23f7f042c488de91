"""Makes `.venv` and installs the project into it. Run by ./lab under the system's Python: standard library only.

PYTHONPATH=ROOT python -P -m drlab.bootstrap ROOT STAMP
"""
