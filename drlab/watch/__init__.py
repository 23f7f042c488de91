"""`./lab watch`: the prober on a stage's site. `site` finds it, `run` sends, `screen` and `report` show."""
