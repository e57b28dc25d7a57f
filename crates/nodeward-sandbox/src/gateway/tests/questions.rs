use proptest::prelude::*;
use simple_dns::{Label, QTYPE};

use super::super::message::{Answer, Datagram, Query, read};
use super::*;

#[test]
fn a_permitted_name_has_an_address_and_nothing_else() {
    let open = Setup::new(nobody()).open(&["example.org:PORT", "www.example.org:OTHER"]);
    assert_eq!(open.ask("example.org", TYPE::A), (RCODE::NoError, vec![[127, 77, 0, 1].into()]));
    assert_eq!(open.ask("wWw.Example.ORG", TYPE::A), (RCODE::NoError, vec![[127, 77, 0, 2].into()]));
    for kind in [TYPE::AAAA, TYPE::HTTPS, TYPE::SVCB, TYPE::TXT, TYPE::MX, TYPE::NS] {
        assert_eq!(open.ask("example.org", kind), (RCODE::NoError, vec![]), "{kind:?}");
        assert_eq!(open.ask("example.com", kind), (RCODE::NameError, vec![]), "{kind:?}");
    }
    for name in ["example.com", "a.example.org", "org", "example\\.org", "secret.attacker.example"] {
        assert_eq!(open.ask(name, TYPE::A), (RCODE::NameError, vec![]), "{name}");
    }
    let (summary, events) = open.stop();
    let asked = |name: &str, kind, answer| NetworkEvent::NameAsked {
        name: name.to_owned(),
        kind: RecordKind(kind),
        answer,
    };
    assert_eq!((summary.names_answered, summary.names_denied), (8, 11));
    assert_eq!(events[0], asked("example.org", 1, NameAnswer::Address));
    assert_eq!(events[2], asked("example.org", 28, NameAnswer::NothingOfThatKind));
    assert!(events.contains(&asked("secret.attacker.example", 1, NameAnswer::Denied)), "{events:?}");
    assert!(events.contains(&asked("example\\.org", 1, NameAnswer::Denied)), "{events:?}");
}

#[test]
fn names_below_a_star_have_addresses_of_their_own_up_to_a_limit() {
    let mut setup = Setup::new(nobody());
    setup.limits.names = 2;
    let open = setup.open(&["*.example.org:PORT", "registry.example.org:PORT"]);
    assert_eq!(open.address("registry.example.org"), Ipv4Addr::from([127, 77, 0, 1]));
    assert_eq!(open.address("a.example.org"), Ipv4Addr::from([127, 77, 0, 2]));
    assert_eq!(open.address("a.b.example.org"), Ipv4Addr::from([127, 77, 0, 3]));
    assert_eq!(open.ask("c.example.org", TYPE::A), (RCODE::ServerFailure, vec![]));
    assert_eq!(open.address("A.example.org"), Ipv4Addr::from([127, 77, 0, 2]));
    let (_, events) = open.stop();
    let too_many =
        |event: &NetworkEvent| matches!(event, NetworkEvent::NameAsked { answer: NameAnswer::TooMany, .. });
    assert_eq!(events.iter().filter(|event| too_many(event)).count(), 1);
}

#[test]
fn every_place_of_the_range_can_be_used_and_no_more() {
    let rules =
        |count: usize| (0..count).map(|at| format!("h{at}.example.org:443").parse().unwrap()).collect();
    let hosts = Hosts::new(rules(65_534), 10).unwrap();
    let last = SocketAddr::from(([127, 77, 255, 254], 443));
    assert_eq!(hosts.target(last).unwrap().host.to_string(), "h65533.example.org");
    for outside in [[127, 77, 0, 0], [127, 77, 255, 255], [127, 76, 0, 1], [127, 78, 0, 1]] {
        assert!(hosts.target(SocketAddr::from((outside, 443))).is_err());
    }
    assert!(Hosts::new(rules(65_535), 10).is_err());
}

#[test]
fn faults_are_answered_as_such() {
    let good = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01";
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        bytes
    };
    let fault = |bytes: &[u8]| match read(bytes) {
        Datagram::Fault(reply) => Some((reply[..2].to_vec(), reply[2] >> 7, reply[3] & 15)),
        Datagram::Query(_) => panic!("{bytes:?} was read"),
        Datagram::Nothing => None,
    };
    let Datagram::Query(query) = read(good) else { panic!("it was not read") };
    assert_eq!(query.name(), "example.org");
    // An answer, with authority, to one who wished for a search that could be had.
    assert_eq!(query.reply(Answer::NothingOfThatKind)[2..4], [0x85, 0x80]);
    let answered = |code| Some((vec![0x12, 0x34], 1, code));
    // A status request, two questions, none, a pointer, a label that is cut off, a class of its own.
    assert_eq!(fault(&changed(2, 0x10)), answered(4));
    assert_eq!(fault(&changed(5, 2)), answered(1));
    assert_eq!(fault(&changed(5, 0)), answered(1));
    assert_eq!(fault(&changed(12, 0xc0)), answered(1));
    assert_eq!(fault(&changed(20, 60)), answered(1));
    assert_eq!(fault(&changed(good.len() - 1, 3)), answered(5));
    assert_eq!(fault(&good[..good.len() - 1]), answered(1));
    // The longest name that there is, and one that is longer by a byte.
    let long = |last: usize| {
        let labels = [63, 63, 63, last].map(|length| [&[length as u8][..], &vec![b'a'; length]].concat());
        [&good[..12], &labels.concat(), b"\0\0\x01\0\x01"].concat()
    };
    assert!(matches!(read(&long(61)), Datagram::Query(query) if query.name().len() == 253));
    assert_eq!(fault(&long(62)), answered(1));
    // An answer is never answered, nor what is shorter than a header.
    assert_eq!(fault(&changed(2, 0x81)), None);
    assert_eq!(fault(&good[..11]), None);
}

#[test]
fn garbage_leaves_the_gateway_answering() {
    let open = Setup::new(nobody()).open(&["example.org:PORT"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for length in 0..600_usize {
        let garbage: Vec<u8> = (0..length).map(|at| (at * 31 + length * 7) as u8).collect();
        socket.send_to(&garbage, open.dns).unwrap();
    }
    socket.send_to(&[0; 65_000], open.dns).unwrap();
    // A flood may have pushed the question out: it is asked again, as a resolver does.
    let asking = UdpSocket::bind("127.0.0.1:0").unwrap();
    asking.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let question = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x07example\x03org\0\0\x01\0\x01";
    let answered = (0..20).any(|_| {
        asking.send_to(question, open.dns).unwrap();
        asking.recv(&mut [0; 512]).is_ok_and(|length| length > question.len())
    });
    assert!(answered);
}

fn query(bytes: &[u8]) -> Option<Query<'_>> {
    if let Datagram::Query(query) = read(bytes) { Some(query) } else { None }
}

proptest! {
    #[test]
    fn whatever_is_read_is_answered_in_form(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            prop::collection::vec(any::<u8>(), 0..60).prop_map(|rest| {
                [b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0".as_slice(), &rest].concat()
            }),
            prop::collection::vec(0_u8..6, 0..60).prop_map(|rest| {
                [b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0".as_slice(), &rest].concat()
            }),
        ],
        address: u32,
    ) {
        if let Some(query) = query(&bytes) {
            for answer in [
                Answer::Address(Ipv4Addr::from_bits(address)),
                Answer::NothingOfThatKind,
                Answer::NoSuchName,
                Answer::Failure,
            ] {
                let reply = query.reply(answer);
                prop_assert!(reply.len() <= 512);
                prop_assert_eq!(&reply[..2], &bytes[..2]);
                // The other reader knows fewer kinds of records.
                let known = QTYPE::try_from(query.kind()).is_ok();
                let parsed = Packet::parse(&reply);
                prop_assert!(parsed.is_ok() || !known, "{:?}", parsed);
                if let Ok(parsed) = parsed {
                    prop_assert_eq!(parsed.questions.len(), 1);
                    prop_assert_eq!(parsed.answers.len(), usize::from(matches!(answer, Answer::Address(_))));
                }
            }
        }
    }

    #[test]
    fn every_name_that_can_be_asked_for_is_read_as_itself(
        labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..64), 0..6),
        id: u16,
    ) {
        let labels: Vec<Label<'_>> = labels.into_iter().map(Label::new_unchecked).collect();
        let name = Name::new_with_labels(&labels);
        let mut packet = Packet::new_query(id);
        packet.questions.push(Question::new(name.clone(), TYPE::A.into(), CLASS::IN.into(), false));
        let bytes = packet.build_bytes_vec().unwrap();
        let length: usize = labels.iter().map(|label| label.len() + 1).sum();
        match query(&bytes) {
            None => prop_assert!(length + 1 > 255),
            Some(query) => {
                prop_assert!(query.name().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(&Name::new(query.name()).unwrap(), &name);
                // The question is sent back letter for letter.
                prop_assert_eq!(&query.reply(Answer::NoSuchName)[12..], &bytes[12..]);
            }
        }
    }
}
