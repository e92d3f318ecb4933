//! The connection that a store's calls share: made when one needs it, and made again.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::dial::{Dialled, Driver, Route, dial};
use super::lane::Lane;

/// The pause after a failed attempt to connect; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest such pause, so that a sidecar that was restarted is soon found again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What a call does while there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It waits for an attempt to connect, and fails with it.
    OneAttempt,
    /// It waits for the connection, over as many attempts as it takes.
    Endless,
}

/// Why a call was not sent.
#[derive(Debug)]
pub(crate) enum Unconnected {
    /// The link is closed.
    Closed,
    /// Nobody answers there.
    Unreachable(Arc<io::Error>),
}

/// The one connection of a store. It ends with the last use of the store, or when closed.
#[derive(Debug)]
pub(crate) struct Link {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    route: Route,
    closed: watch::Sender<bool>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Which connection it is, so that a call that met the end of an older one lets it be.
    generation: u64,
    /// Attempts that failed since the last connection.
    failures: u32,
    /// Why the last of them did.
    failure: Option<Arc<io::Error>>,
    /// When the next may be made.
    retry_at: Instant,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Dialling(Attempt),
    Open(Connected),
}

/// A connection that works, as far as is known.
#[derive(Clone, Debug)]
struct Connected {
    sender: SendRequest<Bytes>,
    /// One for each call that the sidecar lets run at a time. The others wait here, where it is
    /// known that they were not sent, and not in the queue of h2.
    turns: Arc<Semaphore>,
    generation: u64,
}

/// An attempt to connect; it holds the error once the attempt has failed.
type Attempt = watch::Receiver<Option<Arc<io::Error>>>;

/// What a call has to do next to get its way to the sidecar.
enum Step {
    Use(Connected),
    AwaitAttempt(Attempt),
    AwaitTime(Instant),
}

impl Link {
    /// Makes a link that connects with the first call.
    pub(crate) fn new(route: Route) -> Self {
        let state = State {
            phase: Phase::Idle,
            generation: 0,
            failures: 0,
            failure: None,
            retry_at: Instant::now(),
        };
        Link {
            shared: Arc::new(Shared {
                route,
                closed: watch::Sender::new(false),
                state: Mutex::new(state),
            }),
        }
    }

    /// Returns the way for one call, over a connection that works as far as is known.
    pub(crate) async fn lane(&self, patience: Patience) -> Result<Lane, Unconnected> {
        loop {
            match self.shared.next_step(patience)? {
                Step::Use(connected) => match connected.lane().await {
                    Some(lane) => return Ok(lane),
                    None => self.shared.lose(connected.generation),
                },
                Step::AwaitAttempt(mut attempt) => {
                    // Without a new value it succeeded, or was dropped with its runtime.
                    let failed = attempt.changed().await.is_ok();
                    if failed && patience == Patience::OneAttempt {
                        let failure = attempt.borrow().clone();
                        return Err(failure.map_or(Unconnected::Closed, Unconnected::Unreachable));
                    }
                }
                Step::AwaitTime(time) => {
                    self.shared.unless_closed(sleep_until(time)).await;
                }
            }
        }
    }

    /// Returns why the sidecar cannot be reached at the moment, if that is known.
    pub(crate) fn failure(&self) -> Option<Arc<io::Error>> {
        self.shared.state().failure.clone()
    }

    /// Waits, but not on when the link is closed.
    pub(crate) async fn pause(&self, time: Duration) {
        self.shared.unless_closed(sleep(time)).await;
    }

    /// Tells whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        *self.shared.closed.borrow()
    }

    /// Ends the connection and all calls on it, for good.
    pub(crate) fn close(&self) {
        self.shared.closed.send_replace(true);
        self.shared.state().phase = Phase::Idle;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_step(self: &Arc<Self>, patience: Patience) -> Result<Step, Unconnected> {
        let mut state = self.state();
        if *self.closed.borrow() {
            return Err(Unconnected::Closed);
        }
        match &state.phase {
            Phase::Open(connected) => return Ok(Step::Use(connected.clone())),
            // One that is over without a result was dropped with the runtime it ran on.
            Phase::Dialling(attempt) if attempt.has_changed().is_ok() => {
                return Ok(Step::AwaitAttempt(attempt.clone()));
            }
            Phase::Dialling(_) | Phase::Idle => {}
        }
        match &state.failure {
            Some(failure) if Instant::now() < state.retry_at => match patience {
                Patience::OneAttempt => Err(Unconnected::Unreachable(failure.clone())),
                Patience::Endless => Ok(Step::AwaitTime(state.retry_at)),
            },
            _ => Ok(Step::AwaitAttempt(self.start(&mut state))),
        }
    }

    /// Starts an attempt to connect. It goes on when the call that began it has gone.
    fn start(self: &Arc<Self>, state: &mut State) -> Attempt {
        let (result, attempt) = watch::channel(None);
        state.phase = Phase::Dialling(attempt.clone());
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let dialled = shared.unless_closed(Box::pin(dial(&shared.route))).await;
            if let Some(failure) = shared.settle(dialled) {
                result.send_replace(Some(failure));
            }
        });
        attempt
    }
}

impl Shared {
    /// Takes in how an attempt ended; returns why where it failed.
    fn settle(&self, dialled: Option<io::Result<Dialled>>) -> Option<Arc<io::Error>> {
        let mut state = self.state();
        state.phase = Phase::Idle;
        if *self.closed.borrow() {
            return None;
        }
        match dialled? {
            Ok(dialled) => {
                self.open(&mut state, dialled);
                None
            }
            Err(error) => Some(state.fail(error)),
        }
    }

    fn open(&self, state: &mut State, dialled: Dialled) {
        state.generation += 1;
        state.failures = 0;
        state.failure = None;
        let connected = Connected::new(dialled.sender, state.generation);
        let ending = Ending(Arc::clone(&connected.turns));
        state.phase = Phase::Open(connected);
        tokio::spawn(drive(dialled.connection, self.closed.subscribe(), ending));
    }

    /// Forgets a connection that has ended, unless another has taken its place.
    fn lose(&self, generation: u64) {
        let mut state = self.state();
        if state.generation == generation && matches!(state.phase, Phase::Open(_)) {
            state.phase = Phase::Idle;
        }
    }

    async fn unless_closed<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            done = work => Some(done),
            _ = closed.wait_for(|closed| *closed) => None,
        }
    }
}

impl Connected {
    fn new(sender: SendRequest<Bytes>, generation: u64) -> Self {
        // The peer has said how many by now. One that allows none may yet come to allow some.
        let most = sender.current_max_send_streams();
        let turns = Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS));
        Connected {
            sender,
            turns: Arc::new(turns),
            generation,
        }
    }

    /// Returns the way for one call once it is its turn, or `None` where the connection has
    /// ended.
    async fn lane(&self) -> Option<Lane> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok()?;
        let sender = self.sender.clone().ready().await.ok()?;
        Some(Lane::new(sender, turn))
    }
}

/// Ends the wait of those who wait for their turn, however the connection ends.
struct Ending(Arc<Semaphore>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl State {
    fn fail(&mut self, error: io::Error) -> Arc<io::Error> {
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        // Clients that lost the same sidecar shall not come back all at once.
        self.retry_at = Instant::now() + pause.mul_f64(0.8 + 0.2 * fastrand::f64());
        let failure = Arc::new(error);
        self.failure = Some(Arc::clone(&failure));
        failure
    }
}

/// Makes a connection work until it ends, its link is closed or the store's last use is over.
/// Calls that still run on it then end with an error.
async fn drive(connection: Driver, mut closed: watch::Receiver<bool>, _ending: Ending) {
    tokio::select! {
        _ = connection => {}
        _ = closed.wait_for(|closed| *closed) => {}
    }
}
