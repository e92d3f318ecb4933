"""The image as it is: built by buildah without a daemon, and run without a container runtime."""
