//! Addresses of hosts, given to the loopback interface: connections to them arrive in the program's own network.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::sockopt::Timeout;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The kernel's numbers of what is asked and answered (`rtnetlink(7)`).
const NEW_ADDRESS: u16 = 20;
const REQUEST_MADE_AND_TOLD: u16 = 0x605;
const ERROR: u16 = 2;
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;
const NOT_SOUGHT_ELSEWHERE: u8 = 2;
const OF_THIS_HOST: u8 = 254;

/// The interface that is the first one of every network.
const LOOPBACK: u32 = 1;

/// Gives an address to the loopback interface of the network that this process is in.
pub(super) fn add(address: IpAddr) -> io::Result<()> {
    let socket = route()?;
    rustix::net::send(&socket, &request(address), SendFlags::empty())?;
    let mut answer = [0; 1024];
    let (length, _) = rustix::net::recv(&socket, answer.as_mut_slice(), RecvFlags::empty())?;
    let number = |from: usize| answer[..length].get(from..from + 4)?.try_into().ok().map(i32::from_ne_bytes);
    let kind = u16::from_ne_bytes([answer[4], answer[5]]);
    match number(16).filter(|_| kind == ERROR) {
        // There already.
        Some(0) => Ok(()),
        Some(error) if -error == libc::EEXIST => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(-error)),
        None => Err(io::Error::other("the kernel does not say whether an address was given")),
    }
}

fn route() -> io::Result<OwnedFd> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let socket = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    rustix::net::sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(1)))?;
    Ok(socket)
}

fn request(address: IpAddr) -> Vec<u8> {
    let (family, bits, bytes) = match address {
        IpAddr::V4(address) => (AddressFamily::INET, 32, address.octets().to_vec()),
        IpAddr::V6(address) => (AddressFamily::INET6, 128, address.octets().to_vec()),
    };
    let mut content = vec![family.as_raw() as u8, bits, NOT_SOUGHT_ELSEWHERE, OF_THIS_HOST];
    content.extend(LOOPBACK.to_ne_bytes());
    for kind in [LOCAL, ADDRESS] {
        content.extend((4 + bytes.len() as u16).to_ne_bytes());
        content.extend(kind.to_ne_bytes());
        content.extend(&bytes);
    }
    let mut request = (16 + content.len() as u32).to_ne_bytes().to_vec();
    request.extend(NEW_ADDRESS.to_ne_bytes());
    request.extend(REQUEST_MADE_AND_TOLD.to_ne_bytes());
    request.extend([0; 8]);
    request.extend(content);
    request
}
