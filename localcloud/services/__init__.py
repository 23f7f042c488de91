"""The products: every folder has the same four files.

| file | holds |
|---|---|
| routes.py | method and path -> handler |
| handlers.py | read the call, shape the answer |
| model.py | the rules that the resources obey |
| errors.py | what can go wrong, in the cloud's own words |
"""
