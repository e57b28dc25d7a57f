//! Which addresses belong to the public internet.
//!
//! A permitted name may resolve to anything its owner likes, or whoever answers for it: what lies on this machine, in
//! the network around it, or at a cloud's metadata service must not be reached through it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Azure answers its machines at this address of the public range.
const AZURE_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Ranges of IPv4 that belong to no host of the public internet (IANA's special-purpose registry).
const SPECIAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, reserved and broadcast.
    ([224, 0, 0, 0], 3),
];

/// Addresses that no machine has: they are for documentation.
const NOBODY: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// Any port that is not zero: nothing is sent to it.
const DISCARD: u16 = 9;

/// Whether an address is one of this machine, public or not. One that another machine hands on to it can't be told.
pub(super) fn is_of_this_machine(address: IpAddr) -> bool {
    let binds = |address: IpAddr| UdpSocket::bind((address, 0)).ok();
    // Where any address at all may be bound to, that says nothing of it.
    let is_bound =
        |address| binds(address).is_some() && !NOBODY.iter().any(|nobody| binds(*nobody).is_some());
    // The way to an address of this machine starts at that address.
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let starts_there = binds(any).is_some_and(|socket| {
        let start = socket.connect((address, DISCARD)).and_then(|()| socket.local_addr());
        start.is_ok_and(|start| start.ip() == address)
    });
    starts_there || is_bound(address)
}

/// Whether an address belongs to a host of the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = SPECIAL_V4.iter().any(|&(start, length)| {
        (address.to_bits() ^ Ipv4Addr::from(start).to_bits()).leading_zeros() >= length
    });
    !special && address != AZURE_PLATFORM
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // The IPv4 address inside is the one that is reached: mapped, or translated where there is only IPv6.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocols (Teredo and others), documentation, and 6to4, which carries any IPv4 address.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given out for the public internet.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}
