"""What is in deploy/ is right: for the tools that read it, and for the sidecar that it runs."""
