#![no_main]
//! A datagram from a confined program, read as a question for a name, and answered.

#[allow(dead_code)]
#[path = "../../crates/nodeward-sandbox/src/gateway/message.rs"]
mod message;

use message::{Answer, Datagram};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Datagram::Query(query) = message::read(bytes) {
        assert!(query.name().bytes().all(|byte| byte.is_ascii_graphic()));
        for answer in [Answer::Address([127, 77, 0, 1].into()), Answer::NoSuchName] {
            let reply = query.reply(answer);
            assert!(reply.len() <= 512);
            // What is sent back is the question, as an answer: it is never taken for another question.
            assert!(matches!(message::read(&reply), Datagram::Nothing));
        }
    }
});
