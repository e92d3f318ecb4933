"""A container serves as an unprivileged user, with nothing but its volumes to write to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import pannier
from tests.engines.table import Table
from tests.image.builds import Image
from tests.image.containers import Container, launch_of, running, volumes_of
from tests.traces.receiver import running_receiver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def store(container: Container) -> Iterator[pannier.Store]:
    with pannier.connect(container.socket) as store:
        yield store


def test_it_runs_as_its_user_without_rights_on_a_root_that_is_read_only(
    container: Container,
) -> None:
    status = container.execute("cat", "/proc/1/status").stdout
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert facts["Name"] == "pannier"
    assert facts["Uid"].split() == ["10001"] * 4
    assert facts["Gid"].split() == ["10001"] * 4
    assert facts["Groups"].strip() == ""
    assert {int(facts[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}

    for place in ("/", "/tmp", "/opt/pannier", "/dev"):
        refused = container.execute("touch", f"{place}/file")
        assert refused.returncode == 1
        assert "Read-only file system" in refused.stderr


def test_the_six_calls_are_answered(store: pannier.Store) -> None:
    key = pannier.key("image", "a")
    written = store.put(key, b"1")
    assert store.get(key).data == b"1"
    changed = store.put_if_version(key, b"2", expected_version=written.version)
    assert changed.version == written.version + 1
    with pytest.raises(pannier.VersionConflict):
        store.put_if_version(key, b"3", expected_version=written.version)
    assert [record.data for record in store.list(pannier.prefix("image"))] == [b"2"]
    assert store.delete(key)
    assert store.cleanup_expired(pannier.prefix("image")).removed == 0


def test_its_own_commands_work_inside(container: Container) -> None:
    assert container.execute("pannier", "put", "inside:a", "--data", "1").returncode == 0
    assert container.execute("pannier", "get", "inside:a").stdout == "1"
    listed = container.execute(
        "pannier", "ls", "inside:", "--json", PANNIER_ADDRESS="127.0.0.1:50051"
    )
    assert '"inside:a"' in listed.stdout


def test_the_health_check_needs_no_shell(image: Image, container: Container) -> None:
    assert container.execute("sh", "-c", "true").returncode == 126
    healthy = container.execute(*image.health_command)
    assert (healthy.returncode, healthy.stdout) == (0, "SERVING\n")


def test_sigterm_ends_it_with_0_and_its_records_stay(image: Image) -> None:
    with volumes_of(image) as volumes:
        launch = launch_of(image, volumes)
        with running(launch) as first:
            first.wait_until_it_says(" serves ")
            with pannier.connect(first.socket) as store:
                store.put("kept:a", b"1")
            first.process.stop()
            assert first.process.wait(0) == 0
        assert not Path(first.socket.removeprefix("unix:")).exists()
        with running(launch) as second, pannier.connect(second.socket) as store:
            second.wait_until_it_says(" serves ")
            assert store.get("kept:a").data == b"1"


def test_it_reaches_a_table_and_is_unhealthy_without_it(
    image: Image, dynamodb_table: Table
) -> None:
    environment = {
        "PANNIER_STORE": dynamodb_table.store_url,
        "PANNIER_LISTEN": "unix:/run/pannier/pannier.sock",
        "PANNIER_LOG_FORMAT": "json",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with volumes_of(image) as volumes:
        launch = launch_of(image, volumes, environment=environment, own_network=False)
        with running(launch) as container:
            container.wait_until_it_says("the store answers")
            assert container.execute(*image.health_command).returncode == 0
            with pannier.connect(container.socket) as store:
                store.put("image:a", b"1")
                assert store.get("image:a").data == b"1"
        # Its own network has no way to the engine.
        cut_off = launch_of(image, volumes, environment=environment)
        with running(cut_off) as container:
            container.wait_until_it_says("the store is not usable")
            unready = container.execute(*image.health_command)
            alive = container.execute(*image.health_command, "--service", "")
    assert (unready.returncode, unready.stdout) == (1, "NOT_SERVING\n")
    assert (alive.returncode, alive.stdout) == (0, "SERVING\n")


def test_it_exports_traces_where_they_are_asked_for(image: Image) -> None:
    environment = {"PANNIER_LISTEN": "unix:/run/pannier/pannier.sock"}
    with volumes_of(image) as volumes, running_receiver() as receiver:
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.endpoint
        launch = launch_of(
            image,
            volumes,
            command=[*image.command, "--traces"],
            environment=environment,
            own_network=False,
        )
        with running(launch) as container:
            container.wait_until_it_says(" serves ")
            with pannier.connect(container.socket) as store:
                store.put("image:a", b"1")
            # The last spans are exported before it ends.
            container.process.stop()
            assert container.process.wait(0) == 0
        assert "pannier.v1.StorageBackend/Put" in {call.name for call in receiver.calls}


def test_a_program_of_another_user_gets_in_by_the_sockets_group(image: Image) -> None:
    code = "import pannier; print(pannier.connect().put('other:a', b'1').version)"
    with volumes_of(image) as volumes:
        sidecar = launch_of(image, volumes, environment={"PANNIER_SOCKET_MODE": "0660"})
        with running(sidecar) as container:
            container.wait_until_it_says(" serves ")

            def ask(user: int, group: int) -> str:
                command = ["python", "-c", code]
                asking = launch_of(image, volumes, command=command, user=(user, [group]))
                with running(asking) as program:
                    while program.process.wait(1) is None:
                        pass
                    return program.process.log_tail()

            assert ask(10002, 10001) == "1\n"
            assert "PermissionDenied" in ask(10002, 10002) or "Unavailable" in ask(10002, 10002)
