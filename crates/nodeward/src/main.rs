//! `nodeward`: know, keep close, decide and respond.

fn main() {}
