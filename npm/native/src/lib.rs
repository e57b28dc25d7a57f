//! The native half of bounded eval, a Node.js add-on: V8 asks it before it makes code from a string or from
//! WebAssembly, in every context of the isolate, and it answers from what is permitted at that moment.
//!
//! One library serves Node.js 20 to 26: it uses Node-API, which is stable, and four functions of V8 that every
//! one of these versions exports under the same name. Where one of them is missing, loading fails. The caller
//! (`npm/nodeward/eval.cjs`) treats that as "no add-on".
//!
//! It also reads sealed files, quicker than JavaScript can.
//!
//! It holds no policy and makes no text: who may permit what is decided in JavaScript, which alone gets the
//! functions exported here, once for each thread. It never allows what it could not compare.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "Node-API and V8 are spoken to through pointers")]

mod file;
mod gate;
mod napi;
mod v8;

use napi::{Env, RawEnv, Value};

/// The version of the agreement with `npm/nodeward/eval.cjs`.
const AGREEMENT: u32 = 2;

/// Node.js calls this when it loads the add-on, once for each environment (the main thread, each Worker).
///
/// # Safety
///
/// Only Node.js may call it, with an environment and a value of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(env: RawEnv, exports: Value) -> Value {
    let Some(env) = Env::new(env) else { return exports };
    let outcome = gate::claim(env).and_then(|()| {
        env.set(exports, c"agreement", env.number(AGREEMENT)?)?;
        env.set(exports, c"activate", env.function(c"activate", gate::activate)?)?;
        env.set(exports, c"permit", env.function(c"permit", gate::permit)?)?;
        env.set(exports, c"permitWasm", env.function(c"permitWasm", gate::permit_wasm)?)?;
        env.set(exports, c"textOf", env.function(c"textOf", file::text_of)?)
    });
    if let Err(fault) = outcome {
        env.throw(fault);
    }
    exports
}

/// The version of Node-API that is used: the newest that Node.js 20 has in all its releases.
#[unsafe(no_mangle)]
pub extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    8
}
