"""Adapters: code that speaks to one kind of agent. They reach the world only through the call's `World`."""
