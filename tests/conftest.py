"""What all tests share: the engines that they start."""

pytest_plugins = ["tests.engines.plugin"]
