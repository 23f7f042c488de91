"""What can go wrong with regions: nothing of its own; an unknown region is a parameter problem of the call that names it."""
