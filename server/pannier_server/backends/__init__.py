"""Where records are kept: one contract, and a module for each kind of store."""
