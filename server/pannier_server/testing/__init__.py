"""Tests that any storage backend can run, to show that it keeps the contract.

Needs ``pip install "pannier-server[testing]"``: pytest, pytest-asyncio, hypothesis.

- `pannier_server.testing.contract` has `StorageBackendContract`, one test for each
  obligation of `pannier_server.backends.contract`. Subclass it and give it an opened
  backend::

      import pytest
      import pytest_asyncio
      from pannier_server.testing.contract import StorageBackendContract

      @pytest.mark.asyncio
      class TestMyBackend(StorageBackendContract):
          @pytest_asyncio.fixture
          async def backend(self):
              backend = MyBackend()
              await backend.open()
              yield backend
              await backend.close()

  `pannier_server.testing.contract.transfers` has `TransferContract` beside it, for a backend
  whose records can be copied (`pannier_server.backends.transfer`), with the same fixtures.
  `pannier_server.testing.contract.base` lists the fixtures and settings that a
  subclass can add. A test that lacks one is skipped, and the reason names it.

- `pannier_server.testing.stateful` has `run_stateful`, which drives a backend and a
  plain model with the same random operations and compares every answer::

      def test_my_backend_behaves_like_the_model():
          run_stateful(lambda: opened(MyBackend()))

- `pannier_server.testing.remote` has `RemoteBackend`, a backend that is a sidecar on
  the other side of a gRPC channel, so that both run once more through the service.

Every test keeps to an owner of its own with a random name, so that they can run on a
store that others use. They leave their records there, unless the ``backend`` fixture
ends with ``await Records(backend, owner).erase()``.

The tests' clock runs a day ahead of the wall clock and never waits. What has expired
by it lies in the real future, so that no store's own reaper takes it during a test;
a backend under test must not sweep by the requests' clock in the background.
"""

import pytest

pytest.register_assert_rewrite("pannier_server.testing.contract")
