"""The client: an operation and a JSON body in, a JSON body or a typed error out."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

import msgspec

from pannier_server.backends.dynamodb.wire.answers import answer_failure
from pannier_server.backends.dynamodb.wire.botocore_credentials import BotocoreChain
from pannier_server.backends.dynamodb.wire.botocore_endpoint import endpoint_from_botocore
from pannier_server.backends.dynamodb.wire.connection import Answer, Connection
from pannier_server.backends.dynamodb.wire.connector import Connector
from pannier_server.backends.dynamodb.wire.credential_cache import (
    CredentialCache,
    FixedCredentials,
)
from pannier_server.backends.dynamodb.wire.credentials import (
    Credentials,
    credentials_from_environment,
)
from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread
from pannier_server.backends.dynamodb.wire.endpoint import Endpoint, endpoint_without_botocore
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed, Verdict
from pannier_server.backends.dynamodb.wire.failures import (
    Cure,
    Failure,
    Place,
    attempt_failure,
)
from pannier_server.backends.dynamodb.wire.pacer import Pacer
from pannier_server.backends.dynamodb.wire.pool import Pool
from pannier_server.backends.dynamodb.wire.proxy import find_proxy
from pannier_server.backends.dynamodb.wire.retries import Attempts, Effect, RetryBudget
from pannier_server.backends.dynamodb.wire.settings import Stats, WireSettings
from pannier_server.backends.dynamodb.wire.signing import Signer
from pannier_server.backends.dynamodb.wire.tls import client_tls_context
from pannier_server.backends.errors import DeadlineExceeded, StorageError, Throttled

# uvloop counts whole milliseconds: a timer can fire this much before its time.
_TIMER_RESOLUTION = 0.002

Attempt: TypeAlias = Coroutine[Any, Any, Answer]
"""One sending of a request, which ends with the answer."""

AttemptWatch: TypeAlias = Callable[[str, int, Attempt], Attempt]
"""Takes an operation, which attempt at it this is (from 1), and the attempt, which it runs."""


class DynamoDBClient:
    """Calls DynamoDB over a pool of connections, signed, and retried within a deadline.

    Attributes:
        endpoint: Where requests go.
        stats: What happened so far.
        reads: The turns of reads, where the table takes fewer than there are.
        writes: The same for writes: DynamoDB counts them apart.
        watch: Is put around each attempt, where someone looks on; None where nobody does.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: CredentialCache,
        signer: Signer,
        pool: Pool,
        settings: WireSettings,
        stats: Stats,
    ) -> None:
        """Put a client together from its parts; `open` makes them from settings."""
        self.endpoint = endpoint
        self.stats = stats
        self.reads = Pacer("reads")
        self.writes = Pacer("writes")
        self.watch: AttemptWatch | None = None
        self._budget = RetryBudget()
        self._credentials = credentials
        self._signer = signer
        self._pool = pool
        self._attempt_timeout = settings.attempt_timeout
        self._place = Place(endpoint.address, endpoint.region)
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(
        cls, settings: WireSettings | None = None, *, environ: Mapping[str, str] | None = None
    ) -> "DynamoDBClient":
        """Return a client for the running loop. Nothing is asked of DynamoDB yet.

        Credentials are looked up with the first call, unless they stand in the
        environment.

        Args:
            settings: Where and how; the defaults where None.
            environ: The environment, read once; the process's own where None. What
                botocore is asked for it reads in the process's own.

        Raises:
            StoreMisconfigured: A setting is missing or wrong; the message names it.
        """
        settings = settings or WireSettings()
        environ = dict(os.environ if environ is None else environ)
        endpoint = endpoint_without_botocore(settings.region, settings.endpoint, environ)
        if endpoint is None:
            endpoint = await run_in_daemon_thread(
                lambda: endpoint_from_botocore(settings.region, settings.endpoint)
            )
        stats = Stats()
        signer, connector = find_route(endpoint, settings, environ)
        pool = Pool(connector, settings, stats)
        credentials = _credential_cache(endpoint.region, environ)
        return cls(endpoint, credentials, signer, pool, settings, stats)

    @property
    def pool(self) -> Pool:
        """Its connections."""
        return self._pool

    async def close(self) -> None:
        """Close all connections; calls that are under way fail."""
        self.reads.close()
        self.writes.close()
        self._pool.close()
        # The transports tell their connections in the loop's next round.
        await asyncio.sleep(0)

    async def call(
        self,
        operation: str,
        body: bytes,
        *,
        effect: Effect,
        deadline: float,
        owner: str = "",
    ) -> bytes:
        """Send a request, again where that may help and is safe, and return its answer.

        Args:
            operation: DynamoDB's name of it, such as ``GetItem``.
            body: The request as JSON.
            effect: What it does to the table.
            deadline: When to stop, in seconds of ``loop.time()``.
            owner: Whose records it is about, for turns to be fair; empty for what takes no
                part of the table's throughput, and so no turns.

        Returns:
            The answer as JSON.

        Raises:
            ConditionFailed: The condition did not hold.
            ValidationFailed: DynamoDB finds the request invalid.
            ItemTooLarge: The item would be too large.
            StorageError: Everything else, as in `pannier_server.backends.errors`. For a
                write, ``write_outcome`` says whether any attempt may have been applied.
        """
        started = self._loop.time()
        if started >= deadline:
            raise DeadlineExceeded("the deadline passed before DynamoDB was asked")
        request = _Request(operation, body, effect, deadline, owner)
        pacer = self._pacer(effect)
        attempts: Attempts | None = None
        while True:
            try:
                has_turn = pacer.limiting and owner != ""
                if has_turn:
                    await pacer.turn(owner, deadline, again=attempts is not None)
                credentials = self._credentials.current() or await self._credentials.fetch(deadline)
                fresh = attempts is not None and attempts.fresh
                sent = self._loop.time()
                attempt = self._attempt(request, credentials, sent, fresh=fresh, has_turn=has_turn)
                if self.watch is not None:
                    attempt = self.watch(operation, attempts.made + 1 if attempts else 1, attempt)
                answer = await attempt
                if answer.status == 200 and answer.body.startswith(b"{"):
                    pacer.succeeded(sent)
                    if self._budget.spent:
                        self._budget.earn()
                    return answer.body
                failure = answer_failure(answer, operation, self._place)
                self._learn(request, failure, sent)
            except AttemptFailed as failed:
                self.stats.lost_requests += 1
                past = self._loop.time() + _TIMER_RESOLUTION >= deadline
                failure = attempt_failure(failed, self._place, past_deadline=past)
            except StorageError as error:
                raise (attempts.final(error) if attempts else error) from None
            attempts = attempts or self._attempts(request, started)
            await self._get_ready(attempts, failure, credentials, deadline)

    async def _attempt(
        self,
        request: "_Request",
        credentials: Credentials,
        now: float,
        *,
        fresh: bool,
        has_turn: bool,
    ) -> Answer:
        """Send a request once."""
        pool = self._pool
        connection = None if fresh else pool.take()
        if connection is None:
            connection = await self._acquire(request, fresh=fresh, has_turn=has_turn)
            now = self._loop.time()
        until = request.deadline
        if request.effect is not Effect.WRITE_ONCE:
            until = min(until, now + self._attempt_timeout)
        try:
            # Signed only now: a signature is dated, and getting here may have taken long.
            head = self._signer.head(request.operation, request.body, credentials)
            sent = head + request.body
            stats = self.stats
            stats.requests += 1
            stats.sent_bytes += len(sent)
            answer = await connection.exchange(sent, until)
            stats.received_bytes += len(answer.body)
        except BaseException:
            pool.discard(connection)
            raise
        pool.release(connection)
        return answer

    async def _acquire(self, request: "_Request", *, fresh: bool, has_turn: bool) -> Connection:
        """Wait for a connection; who stood in line when the limit came takes a turn after all."""
        connection = await self._pool.acquire(request.deadline, fresh=fresh)
        pacer = self._pacer(request.effect)
        if has_turn or not pacer.limiting or not request.owner:
            return connection
        self._pool.release(connection)
        await pacer.turn(request.owner, request.deadline)
        return await self._pool.acquire(request.deadline)

    def _attempts(self, request: "_Request", started: float) -> Attempts:
        """Return the attempts of a call whose first one has failed."""
        return Attempts(
            request.effect,
            started=started,
            deadline=request.deadline,
            # Checks go on while the store is down; they leave others' retries alone.
            budget=self._budget if request.owner else None,
        )

    def _learn(self, request: "_Request", failure: Failure, sent: float) -> None:
        """Take note of what a refusal says about the table's throughput."""
        is_throttled = isinstance(failure.error, Throttled)
        self.stats.throttles += is_throttled
        pacer = self._pacer(request.effect)
        if isinstance(failure.error, Verdict):
            pacer.succeeded(sent)
        elif is_throttled and not failure.hot_key and request.owner:
            pacer.throttled(sent)

    def _pacer(self, effect: Effect) -> Pacer:
        return self.reads if effect is Effect.READ else self.writes

    async def _get_ready(
        self, attempts: Attempts, failure: Failure, credentials: Credentials, deadline: float
    ) -> None:
        """Do what the next attempt needs, or raise where there is none."""
        wait = attempts.wait_after(failure, self._loop.time())
        if wait:
            await asyncio.sleep(wait)
        elif not await self._cured(attempts, failure, credentials, deadline):
            raise attempts.final(failure.error)
        self.stats.retries += 1

    async def _cured(
        self, attempts: Attempts, failure: Failure, credentials: Credentials, deadline: float
    ) -> bool:
        """Tell whether what made the attempt fail is another now."""
        if failure.cure is Cure.RIGHT_CLOCK:
            return self._signer.correct_clock(failure.server_date)
        if failure.cure is Cure.NEW_CREDENTIALS:
            try:
                return await self._credentials.renew(credentials, deadline) != credentials
            except StorageError as error:
                raise attempts.final(error) from None
        return True


class _Request(msgspec.Struct, frozen=True):
    """What a call sends, until when, and for whom."""

    operation: str
    body: bytes
    effect: Effect
    deadline: float
    owner: str


def find_route(
    endpoint: Endpoint, settings: WireSettings, environ: Mapping[str, str]
) -> tuple[Signer, Connector]:
    """Return what signs requests and what opens connections, both aware of a proxy."""
    proxy = find_proxy(endpoint, environ)
    schemes = {endpoint.scheme, proxy.scheme if proxy else ""}
    forwarding = proxy if proxy and endpoint.scheme == "http" else None
    signer = Signer(
        host=endpoint.authority,
        region=endpoint.region,
        request_target=f"{endpoint.url}/" if forwarding else "/",
        proxy_authorization=forwarding.authorization if forwarding else None,
    )
    connector = Connector(
        endpoint,
        proxy=proxy,
        tls=client_tls_context(endpoint, environ) if "https" in schemes else None,
        timeout=settings.connect_timeout,
        max_answer_bytes=settings.max_answer_bytes,
    )
    return signer, connector


def _credential_cache(region: str, environ: Mapping[str, str]) -> CredentialCache:
    credentials = credentials_from_environment(environ)
    if credentials is None:
        return CredentialCache(BotocoreChain(region))
    return CredentialCache(FixedCredentials(credentials))
