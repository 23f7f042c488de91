"""Limits of the machine: what there is of each, what a stage will need, and whether that fits, told before anything is made."""
