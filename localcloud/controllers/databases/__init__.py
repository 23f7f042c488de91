"""RDS MySQL pairs: orders, the control loop, changes of role."""
