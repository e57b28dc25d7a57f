#![no_main]
//! Every reader of source text, on a stack as the workers of the product have: `WORKER_STACK` is what the limit of
//! nesting is measured against, and the fuzzer's own is an eighth of it or less.

use std::thread;

use nodeward_javascript::{WORKER_STACK, fuzz};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let worker = thread::Builder::new().stack_size(WORKER_STACK);
    thread::scope(|scope| {
        let work = worker.spawn_scoped(scope, || fuzz::read(bytes)).expect("a thread can be started");
        work.join().expect("a panic ends the fuzzer before it gets here");
    });
});
