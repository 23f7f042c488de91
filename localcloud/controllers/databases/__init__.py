"""RDS MySQL pairs: orders, rounds of looking and deciding, changes of role."""
