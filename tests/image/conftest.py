"""The image, built once for all tests of it, and a container that serves from it."""

from collections.abc import Iterator

import pytest

from tests.image.builds import Image, built_image, require_tools
from tests.image.containers import Container, launch_of, running, volumes_of


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    require_tools()
    with built_image() as image:
        yield image


@pytest.fixture(scope="module")
def container(image: Image) -> Iterator[Container]:
    """Run the image as it says itself, with a read-only root and no /tmp to write to."""
    with volumes_of(image) as volumes, running(launch_of(image, volumes)) as container:
        container.wait_until_it_says(" serves ")
        yield container
