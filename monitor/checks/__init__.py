"""A contract compiled into checks, and checks into SodaCL."""
