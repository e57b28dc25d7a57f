use super::super::address::{is_of_this_machine, is_public};
use super::*;

#[test]
fn only_hosts_of_the_public_internet_are_public() {
    for text in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001:800::200e",
        "2001:4860:4860::8888",
        "64:ff9b::5db8:d70e",
        "::ffff:93.184.215.14",
    ] {
        assert!(is_public(text.parse().unwrap()), "{text}");
    }
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.77.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.168.1.1",
        "198.19.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:5db8:d70e::1",
        "3fff::1",
        "fd00:ec2::254",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn a_name_that_leads_home_is_refused() {
    for private in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254"] {
        let private: IpAddr = private.parse().unwrap();
        let mut setup = Setup::new(nobody());
        setup.names.insert("example.org", vec![private]);
        let open = setup.open(&["example.org:PORT"]);
        assert!(is_reset(&open.connect("example.org")));
        let dialled = Arc::clone(&open.dialled);
        let port = open.ports[0];
        let (summary, events) = open.stop();
        let host = "example.org".to_owned();
        let refused = NetworkEvent::Refused { host, port, refusal: Refusal::PrivateAddress(private) };
        assert_eq!(events[1..], [refused]);
        assert_eq!((summary.refused, summary.traffic.len()), (1, 0));
        assert_eq!(*dialled.lock().unwrap(), []);
    }
}

#[test]
fn a_name_that_leads_to_a_public_address_of_this_machine_is_refused() {
    for (leads, refused) in [
        (vec![OWN.into()], Some(Refusal::OwnAddress(OWN.into()))),
        (vec![OWN.to_ipv6_mapped().into()], Some(Refusal::OwnAddress(OWN.to_ipv6_mapped().into()))),
        (vec![OWN.into(), PUBLIC.into()], None),
    ] {
        let mut setup = Setup::new(server(drop));
        setup.names.insert("example.org", leads);
        let open = setup.open(&["example.org:PORT"]);
        let _ = open.connect("example.org").read(&mut [0]);
        let (dialled, port) = (Arc::clone(&open.dialled), open.ports[0]);
        let events = open.stop().1;
        let host = "example.org".to_owned();
        let refusal = refused.map(|refusal| NetworkEvent::Refused { host, port, refusal });
        assert_eq!(
            events.iter().find(|event| matches!(event, NetworkEvent::Refused { .. })),
            refusal.as_ref()
        );
        let expected = if refused.is_some() { vec![] } else { vec![SocketAddr::new(PUBLIC.into(), port)] };
        assert_eq!(*dialled.lock().unwrap(), expected);
    }
}

#[test]
fn addresses_of_this_machine_are_known() {
    for (address, is_own) in [
        ("127.0.0.1", true),
        ("127.1.2.3", true),
        ("192.0.2.1", false),
        ("93.184.215.14", false),
        ("::2", false),
    ] {
        assert_eq!(is_of_this_machine(address.parse().unwrap()), is_own, "{address}");
    }
}

#[test]
fn an_address_that_is_named_itself_may_be_private() {
    let private: IpAddr = [10, 1, 2, 3].into();
    let own = IpAddr::from(OWN);
    for (private, also, reached) in [
        (private, "10.1.2.3:PORT", true),
        (private, "10.1.2.3:OTHER", false),
        (private, "10.1.2.4:PORT", false),
        (own, "93.184.216.34:PORT", true),
        (own, "93.184.216.34:OTHER", false),
    ] {
        let mut setup = Setup::new(server(drop));
        setup.names.insert("example.org", vec![private]);
        let open = setup.open(&["example.org:PORT", also]);
        let _ = open.connect("example.org").read(&mut [0]);
        let dialled = open.dialled.lock().unwrap().clone();
        let expected: &[_] = if reached { &[SocketAddr::new(private, open.ports[0])] } else { &[] };
        assert_eq!(dialled, expected, "{also}");
    }
}

#[test]
fn private_addresses_among_public_ones_are_passed_over() {
    let mut setup = Setup::new(server(drop));
    setup.names.insert("example.org", vec![[127, 0, 0, 1].into(), PUBLIC.into()]);
    let open = setup.open(&["example.org:PORT"]);
    assert_eq!(open.connect("example.org").read(&mut [0]).unwrap(), 0);
    assert_eq!(*open.dialled.lock().unwrap(), [SocketAddr::new(PUBLIC.into(), open.ports[0])]);
}

#[test]
fn an_address_that_is_named_itself_is_connected_to_directly() {
    let mut setup = Setup::new(server(drop));
    // To a proxy, this would be its own machine.
    setup.proxy = Some("http://10.0.0.1:3128".parse().unwrap());
    let open = setup.open(&["127.0.0.1:PORT"]);
    let local = Ipv4Addr::LOCALHOST;
    assert_eq!(open.connect_to(local, open.ports[0]).read(&mut [0]).unwrap(), 0);
    assert_eq!(*open.dialled.lock().unwrap(), [SocketAddr::new(local.into(), open.ports[0])]);
    assert!(is_reset(&open.connect_to(local, open.ports[1])));
    assert_eq!(open.dialled.lock().unwrap().len(), 1);
}
