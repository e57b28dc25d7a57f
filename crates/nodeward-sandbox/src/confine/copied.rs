//! Copies of a confined program's sockets.
//!
//! The last one that closes a socket may have to wait, for as long as the program chose (`SO_LINGER`). So no copy is
//! closed by whoever answers calls, and there are only so many.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::io::Errno;

/// How many there may be at once, of one program: several together have less than the descriptors that a process
/// usually gets.
const MOST: usize = 128;

/// The copies of one program's sockets.
#[derive(Debug, Clone, Default)]
pub(super) struct Copies(Arc<AtomicUsize>);

impl Copies {
    /// Makes one, where there are not too many.
    pub(super) fn make(&self, copy: impl FnOnce() -> Result<OwnedFd, Errno>) -> Result<Copied, Errno> {
        let room = Room::new(self.0.clone())?;
        Ok(Copied(Some((copy()?, room))))
    }
}

/// Room for one.
#[derive(Debug)]
struct Room(Arc<AtomicUsize>);

impl Room {
    fn new(taken: Arc<AtomicUsize>) -> Result<Self, Errno> {
        if taken.fetch_add(1, Ordering::SeqCst) >= MOST {
            taken.fetch_sub(1, Ordering::SeqCst);
            return Err(Errno::AGAIN);
        }
        Ok(Self(taken))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A copy, which another thread closes when this is dropped.
#[derive(Debug)]
pub(super) struct Copied(Option<(OwnedFd, Room)>);

impl Copied {
    /// The socket; there is none only while this is dropped.
    pub(super) fn socket(&self) -> Result<BorrowedFd<'_>, Errno> {
        self.0.as_ref().map(|(socket, _)| socket.as_fd()).ok_or(Errno::BADF)
    }

    /// Closes it here, where nobody is waited for.
    pub(super) fn close(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let Some(held) = self.0.take() else { return };
        // Given to the thread once there is one: what could not be started would be dropped here.
        let (gives, takes) = std::sync::mpsc::channel();
        match std::thread::Builder::new().name("close".to_owned()).spawn(move || drop(takes.recv())) {
            Ok(_) => drop(gives.send(held)),
            // It stays open, and its room taken, until this process ends.
            Err(_) => std::mem::forget(held),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_only_so_many() {
        let copies = Copies::default();
        let copy = || Ok(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
        let all: Vec<_> = (0..MOST).map_while(|_| copies.make(copy).ok()).collect();
        assert_eq!(copies.make(copy).err(), Some(Errno::AGAIN));
        assert!(all[0].socket().is_ok());
        drop(all);
        // By other threads.
        let again = (0..200).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            copies.make(copy).ok()
        });
        again.unwrap().close();
        assert_eq!(copies.make(|| Err(Errno::BADF)).err(), Some(Errno::BADF));
    }
}
