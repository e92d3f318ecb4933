"""What all tests share: the engines that they start, the clients that they build."""

pytest_plugins = ["tests.clients.plugin", "tests.engines.plugin"]
