"""Other engines under the yardstick's harness, each with the durability that its own documentation describes.

Each file is a program that runs in a virtual environment of its own (`benchmarks/peer_environments.py`), where nothing
of this project is installed. It imports only the yardstick's harness, by `harness.py`.
"""
