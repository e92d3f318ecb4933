"""The store of a trial, and what stands between it and the sidecars."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import trustme

from tests.engines.aws_environment import REGION
from tests.engines.table import Table, create_table
from tests.faults.journal import Journal
from tests.faults.kinds import Fault
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.faults.schedules import Paced, Scripted, Seeded
from tests.faults.stale_reads import StaleReads
from tests.linearizability.fleet import PLAIN, Command
from tests.linearizability.trial import Store, Trial


@dataclass(frozen=True, slots=True)
class Ground:
    """What a trial runs on.

    Attributes:
        command: How its sidecars are started.
        proxy: What stands before the engine; None where there is no engine.
        look_ups: The file that failed look-ups of names are counted in.
    """

    command: Command
    proxy: FaultProxy | None = None
    look_ups: Path | None = None

    @property
    def journal(self) -> Journal | None:
        """What the proxy saw."""
        return self.proxy.journal if self.proxy else None

    @property
    def stale_reads(self) -> int:
        """How many reads got old items."""
        return self.proxy.stale_reads.answered if self.proxy and self.proxy.stale_reads else 0

    def injected(self) -> Counter[Fault]:
        """Return how often each fault was made."""
        counted = Counter(self.proxy.journal.injected) if self.proxy else Counter[Fault]()
        if self.look_ups is not None and self.look_ups.exists():
            counted[Fault.NAME_UNRESOLVED] = self.look_ups.stat().st_size
        return counted

    async def end_faults(self) -> None:
        """Make no more faults, and finish what comes late."""
        if self.proxy:
            self.proxy.schedule = Scripted()
            await self.proxy.background.finish()


@asynccontextmanager
async def prepared(trial: Trial, folder: Path, engine: str | None) -> AsyncIterator[Ground]:
    """Prepare the store of a trial, for the body of an ``async with``."""
    if trial.store is Store.MEMORY:
        yield Ground(Command("memory:"))
    elif trial.store is Store.SQLITE:
        yield Ground(Command(f"sqlite://{folder}/pannier.db"))
    else:
        assert engine is not None
        async with _dynamodb(trial, folder, engine) as ground:
            yield ground


@asynccontextmanager
async def _dynamodb(trial: Trial, folder: Path, engine: str) -> AsyncIterator[Ground]:
    # Without TTL: DynamoDB Local's own reaper is not what is tried.
    table = Table(f"pannier_trial_{uuid4().hex}", endpoint=engine)
    await asyncio.to_thread(create_table, table, ttl_attribute=None)
    variables: dict[str, str] = {}
    tls = _certificate(folder, variables) if Fault.TLS_BROKEN in trial.rates else None
    # The sidecar looks for new credentials every two seconds at most.
    schedule = Paced(Seeded(trial.seed, trial.rates), Fault.EXPIRED, seconds=3)
    async with fault_proxy(engine, schedule, tls=tls) as proxy:
        proxy.requests_per_connection = trial.requests_per_connection
        proxy.stale_reads = StaleReads(trial.seed)
        if Fault.EXPIRED in trial.rates:
            proxy.front_end.on_expired = _session_tokens(folder, variables)
        store = f"dynamodb://{table.name}?region={REGION}&endpoint={proxy.endpoint}"
        look_ups = folder / "failed-look-ups"
        yield Ground(Command(store, _python(trial, look_ups), variables), proxy, look_ups)


def _python(trial: Trial, look_ups: Path) -> tuple[str, ...]:
    if trial.mistake:
        return ("-m", "tests.linearizability.broken_sidecar", trial.mistake)
    rate = trial.rates.get(Fault.NAME_UNRESOLVED)
    if rate is not None:
        return ("-m", "tests.faults.failing_resolver", str(rate), str(look_ups))
    return PLAIN


def _certificate(folder: Path, variables: dict[str, str]) -> ssl.SSLContext:
    """Make the proxy's certificate, and let the sidecars trust its authority."""
    authority = trustme.CA()
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    variables["AWS_CA_BUNDLE"] = str(bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _session_tokens(folder: Path, variables: dict[str, str]) -> Callable[[str], None]:
    """Keep credentials in a file, and return what puts new ones there.

    Those in the environment are left empty: they cannot change while a process runs.
    """
    file = folder / "credentials"
    variables |= {
        "AWS_SHARED_CREDENTIALS_FILE": str(file),
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
    }

    def renew(_: str) -> None:
        text = (
            "[default]\naws_access_key_id = test\naws_secret_access_key = test\n"
            f"aws_session_token = {uuid4().hex}\n"
        )
        new = file.with_suffix(".new")
        new.write_text(text)
        new.replace(file)

    renew("")
    return renew
