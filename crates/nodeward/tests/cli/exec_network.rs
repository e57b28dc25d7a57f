//! What is told of a network that a confined program uses much.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde_json::Value;

use crate::exec::{Machine, text, users};

/// Asks for more names, connects more often, and at last sends more, than is listed one by one.
const MUCH: &str = r#"node -e '
const { Resolver } = dns.promises;
(async () => {
    const resolver = new Resolver();
    for (let at = 0; at < 510; at += 1) await resolver.resolve4(`n${at}.example.org`).catch(() => {});
    for (let at = 0; at < 505; at += 1) {
        await new Promise((done) => {
            const socket = net.connect(443, "ok.example.org");
            socket.on("close", done).on("error", () => process.exit(7)).resume();
            socket.end(at === 504 ? Buffer.alloc(500000, 1) : Buffer.alloc(1));
        });
    }
})()'"#;

#[test]
fn what_is_left_out_is_counted_and_traffic_is_added_up() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let proxy = format!("http://{}", proxy());
    let report = machine.path("report.json");
    let mut command = machine.command(&machine.binary);
    command.env("HTTPS_PROXY", proxy).args(["exec", "--net", "ok.example.org", "--report"]);
    let output = command.arg(&report).args(["--", "sh", "-c", MUCH]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    let listed = |field: &str| report[field].as_array().unwrap().len();
    let names = report["events"].as_array().unwrap().iter().filter(|event| event["act"] == "name").count();
    assert_eq!((listed("connections"), names), (500, 501), "{}", text(&output));
    let expected = serde_json::json!([
        { "host": "ok.example.org", "port": 443, "connections": 505, "sent": 500_504, "received": 505 }
    ]);
    assert_eq!(report["traffic"], expected);
    let dropped = report["dropped"].as_u64().unwrap();
    assert!(dropped >= 15, "{dropped}");
    let told = format!("it tried more than can be listed: {dropped} left out");
    assert!(text(&output).contains(&told), "{}", text(&output));
}

/// A proxy that answers every connection itself.
fn proxy() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap())));
    address
}

fn serve(mut stream: TcpStream) {
    let mut from = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while from.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let _ = from.read_to_end(&mut Vec::new());
    let _ = stream.write_all(b"!");
}
