"""Moving records between stores: the format, the commands, and what interrupts them."""
