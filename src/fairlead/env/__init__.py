"""The only room with a clock, randomness, files, sockets and child processes. One small file each."""
