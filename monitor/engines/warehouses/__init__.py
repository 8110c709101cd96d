"""How to open a guarded connection to each kind of warehouse."""
