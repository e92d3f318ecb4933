"""How calls reach the handlers: gRPC servers, and the sockets that they listen on."""
