"""The process: the command, the socket, the connections, start and end."""
