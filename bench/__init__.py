"""Speeds that the design promises, measured on this machine, as ratios to a floor where there is one."""
