"""The agents that ship with Fairlead: one card and one module each; imported only by the process that performs them."""
