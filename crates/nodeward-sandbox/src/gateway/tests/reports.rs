use super::super::report::Reporter;
use super::*;

fn reporter(limit: usize) -> (Reporter, Arc<Mutex<Vec<NetworkEvent>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&told);
    (Reporter::new(limit, move |event| theirs.lock().unwrap().push(event)), told)
}

fn asked(name: &str, answer: NameAnswer) -> NetworkEvent {
    NetworkEvent::NameAsked { name: name.to_owned(), kind: RecordKind(1), answer }
}

#[test]
fn a_thing_is_told_once() {
    let (reporter, told) = reporter(10);
    let refused = |port, refusal| NetworkEvent::Refused { host: "example.org".to_owned(), port, refusal };
    let once = [
        asked("a", NameAnswer::Denied),
        asked("b", NameAnswer::Denied),
        refused(80, Refusal::Port),
        refused(81, Refusal::Port),
        refused(80, Refusal::BytesSpent),
    ];
    for _ in 0..3 {
        once.iter().for_each(|event| reporter.tell(event.clone()));
    }
    assert_eq!(*told.lock().unwrap(), once);
    let summary = reporter.close();
    assert_eq!((summary.names_denied, summary.refused, summary.left_out), (6, 9, 0));
}

#[test]
fn a_million_names_fill_no_report_and_hide_nothing_else() {
    let (reporter, told) = reporter(10);
    for at in 0..1_000_000 {
        reporter.tell(asked(&at.to_string(), NameAnswer::Denied));
    }
    reporter.tell(asked("example.org", NameAnswer::Address));
    reporter.tell(NetworkEvent::Refused { host: "x".to_owned(), port: 1, refusal: Refusal::Port });
    // Told before: this is not left out.
    reporter.tell(asked("0", NameAnswer::Denied));
    assert_eq!(told.lock().unwrap().len(), 12);
    let summary = reporter.close();
    assert_eq!((summary.names_denied, summary.left_out), (1_000_001, 999_990));
    assert_eq!((summary.names_answered, summary.refused), (1, 1));
}

#[test]
fn connections_are_added_up_past_the_limit() {
    let (reporter, told) = reporter(2);
    for _ in 0..5 {
        reporter.tell(NetworkEvent::Connected {
            host: "example.org".to_owned(),
            port: 443,
            bytes_out: 1,
            bytes_in: 10,
            duration: Duration::ZERO,
            ending: Ending::Closed,
        });
    }
    assert_eq!(told.lock().unwrap().len(), 2);
    let summary = reporter.close();
    let host = "example.org".to_owned();
    assert_eq!(summary.traffic, [Traffic { host, port: 443, connections: 5, bytes_out: 5, bytes_in: 50 }]);
    assert_eq!(summary.left_out, 3);
}

#[test]
fn nothing_is_told_after_the_end() {
    let (reporter, told) = reporter(2);
    reporter.close();
    reporter.tell(asked("a", NameAnswer::Denied));
    assert_eq!(*told.lock().unwrap(), []);
}
