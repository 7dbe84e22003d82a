import resource
from collections.abc import Iterator

import pytest

from irve_bridge.bootstrap import raise_file_limit


@pytest.fixture
def low_limit() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_served_bridge_may_open_as_many_sockets_as_the_system_allows(low_limit: None) -> None:
    """10,000 charge points need more than the usual 1,024."""
    raise_file_limit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
