//! Gives up on a server that keeps talking and says nothing.
//!
//! A head that never ends, empty blocks of compressed data, what may follow a body: each is a stream of bytes of
//! which none gets to the reader. So the time since the last byte that did is looked at where bytes come in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// When something was last asked, or came of it.
#[derive(Debug)]
pub(super) struct Watch {
    silence: Duration,
    last: Mutex<Instant>,
}

impl Watch {
    pub(super) fn new(silence: Duration) -> Self {
        Self { silence, last: Mutex::new(Instant::now()) }
    }

    /// Something came of it.
    pub(super) fn progress(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_over(&self) -> bool {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > self.silence
    }
}

/// Puts connections under a watch.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) watch: Arc<Watch>,
}

impl<In: Transport> Connector<In> for Watched {
    type Out = WatchedTransport<In>;

    fn connect(
        &self,
        _details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| WatchedTransport { inner, watch: self.watch.clone() }))
    }
}

/// A connection under a watch.
#[derive(Debug)]
pub(super) struct WatchedTransport<In> {
    inner: In,
    watch: Arc<Watch>,
}

impl<In: Transport> Transport for WatchedTransport<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.watch.progress();
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.watch.is_over() {
            return Err(ureq::Error::Timeout(ureq::Timeout::RecvBody));
        }
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
