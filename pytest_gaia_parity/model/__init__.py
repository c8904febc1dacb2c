"""Values that the parts hand to each other: frozen, comparable, each with its wire form."""
