"""What happens where more calls come than can be served in time."""
