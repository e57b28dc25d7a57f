//! What is permitted at this moment on this thread, and the answers that V8 gets.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{null, null_mut};

use crate::napi::{CallInfo, Env, Fault, RawEnv, Reference, Value, answer};
use crate::v8::{Answer, Context, V8};

/// A source that may become code while the frame stands on the stack of the thread.
struct Frame {
    source: Value,
    previous: *const Frame,
}

/// What a denial leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Enforce,
    Report,
}

/// One for each thread, and so for each isolate. It owns nothing, so that it can be asked until the very end
/// of the thread.
struct Gate {
    env: Cell<Option<Env>>,
    v8: Cell<Option<V8>>,
    mode: Cell<Mode>,
    /// JavaScript's function `source => message`, or `true` for what is harmless; null until active.
    refused: Cell<Reference>,
    frames: Cell<*const Frame>,
    wasm_permits: Cell<u32>,
    telling: Cell<bool>,
}

thread_local! {
    static GATE: Gate = const {
        Gate {
            env: Cell::new(None),
            v8: Cell::new(None),
            mode: Cell::new(Mode::Enforce),
            refused: Cell::new(null_mut()),
            frames: Cell::new(null()),
            wasm_permits: Cell::new(0),
            telling: Cell::new(false),
        }
    };
}

/// Makes this environment the one that the gate of this thread obeys. A second load on the same thread gets
/// nothing: who loads first, the preload, is the only one who may permit.
pub(crate) fn claim(env: Env) -> Result<(), Fault> {
    let v8 = V8::find()?;
    GATE.with(|gate| {
        if gate.env.get().is_some() {
            return Err(Fault::Own(c"Nodeward add-on: already loaded on this thread"));
        }
        env.at_end(forget)?;
        gate.env.set(Some(env));
        gate.v8.set(Some(v8));
        gate.refused.set(null_mut());
        Ok(())
    })
}

/// The environment ends. The callbacks stay set and deny all that still asks.
extern "C" fn forget(_env: *mut c_void) {
    GATE.with(|gate| {
        gate.env.set(None);
        gate.mode.set(Mode::Enforce);
        gate.refused.set(null_mut());
        gate.frames.set(null());
        gate.wasm_permits.set(0);
    });
}

/// `activate(reportOnly, wasm, refused)`: from now on V8 asks. Once for each thread.
///
/// # Safety
///
/// Only Node.js may call it.
pub(crate) unsafe extern "C" fn activate(env: RawEnv, info: CallInfo) -> Value {
    answer(env, |env| {
        let [report_only, wasm, refused] = env.arguments::<3>(info)?;
        let mode = if env.boolean(report_only)? { Mode::Report } else { Mode::Enforce };
        let wasm = env.boolean(wasm)?;
        if !env.is_function(refused)? {
            return Err(Fault::Own(c"Nodeward add-on: activate needs a function to tell of denials"));
        }
        GATE.with(|gate| {
            let (Some(owner), Some(v8)) = (gate.env.get(), gate.v8.get()) else { return Err(Fault::Api) };
            if owner != env || !gate.refused.get().is_null() {
                return Err(Fault::Own(c"Nodeward add-on: already active on this thread"));
            }
            let kept = env.keep(refused)?;
            v8.set_callbacks(code_from_string, wasm.then_some(code_from_wasm))?;
            gate.mode.set(mode);
            gate.refused.set(kept);
            env.undefined()
        })
    })
}

/// `permit(source, callback)`: calls back; until that returns or throws, exactly this source may become code.
///
/// # Safety
///
/// Only Node.js may call it.
pub(crate) unsafe extern "C" fn permit(env: RawEnv, info: CallInfo) -> Value {
    answer(env, |env| {
        let [source, callback] = env.arguments::<2>(info)?;
        if !env.is_string(source)? {
            return Err(Fault::Own(c"Nodeward add-on: only a string can be permitted"));
        }
        GATE.with(|gate| {
            let previous = gate.frames.get();
            let frame = Frame { source, previous };
            gate.frames.set(&raw const frame);
            let result = env.call(callback, &[]);
            gate.frames.set(previous);
            result
        })
    })
}

/// `permitWasm(callback)`: calls back; until that returns or throws, WebAssembly may be compiled. V8 does not
/// say which bytes it asks for, so the caller has to look at them before.
///
/// # Safety
///
/// Only Node.js may call it.
pub(crate) unsafe extern "C" fn permit_wasm(env: RawEnv, info: CallInfo) -> Value {
    answer(env, |env| {
        let [callback] = env.arguments::<1>(info)?;
        GATE.with(|gate| {
            let permits = gate.wasm_permits.get();
            gate.wasm_permits.set(permits.saturating_add(1));
            let result = env.call(callback, &[]);
            gate.wasm_permits.set(permits);
            result
        })
    })
}

/// V8 asks whether a string may become code, before it looks for code that it has kept of the same string.
extern "C" fn code_from_string(context: Context, source: Value, is_code_like: bool) -> Answer {
    GATE.with(|gate| {
        let (Some(env), Some(v8)) = (gate.env.get(), gate.v8.get()) else { return Answer::DENY };
        match env.is_string(source) {
            // `eval` gives back what is no string as it is; nothing is compiled.
            Ok(false) => return Answer::ALLOW,
            Ok(true) => {}
            Err(_) => return Answer::DENY,
        }
        if gate.is_permitted(env, source) {
            v8.let_node_see(context, source, is_code_like);
            return Answer::ALLOW;
        }
        let told = gate.tell(env, Some(source), |message| v8.set_strings_message(context, message));
        if told == Told::Harmless || told == Told::Yes && gate.mode.get() == Mode::Report {
            v8.let_node_see(context, source, is_code_like);
            return Answer::ALLOW;
        }
        Answer::DENY
    })
}

/// V8 asks whether WebAssembly may be compiled; it hands over an empty string in place of the bytes.
extern "C" fn code_from_wasm(context: Context, _source: Value) -> bool {
    GATE.with(|gate| {
        let (Some(env), Some(v8)) = (gate.env.get(), gate.v8.get()) else { return false };
        if gate.wasm_permits.get() > 0 {
            return true;
        }
        let told = gate.tell(env, None, |message| v8.set_wasm_message(context, message));
        told == Told::Yes && gate.mode.get() == Mode::Report
    })
}

/// Whether JavaScript was asked about a denial.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Yes,
    /// It was, and says that this text may always become code.
    Harmless,
    /// The denial happened while one was being told: that code is ours, and makes no code from strings.
    Nested,
}

impl Gate {
    fn is_permitted(&self, env: Env, source: Value) -> bool {
        let mut next = self.frames.get();
        // SAFETY: a frame lives on the stack of `permit`, which takes it out of the list before it returns,
        // and this runs on the same thread, above it.
        while let Some(frame) = unsafe { next.as_ref() } {
            if env.equal(frame.source, source).unwrap_or(false) {
                return true;
            }
            next = frame.previous;
        }
        false
    }

    /// Tells JavaScript of a denial and hands on the message that it wants to be thrown.
    fn tell(&self, env: Env, source: Option<Value>, set_message: impl FnOnce(Value)) -> Told {
        if self.telling.replace(true) {
            return Told::Nested;
        }
        let answered = Cell::new(Told::Yes);
        let scope = env.scope(|| {
            let told = env.kept(self.refused.get()).and_then(|refused| match source {
                Some(source) => env.call(refused, &[source]),
                None => env.call(refused, &[]),
            });
            match told {
                Ok(message) if env.is_string(message).unwrap_or(false) => set_message(message),
                Ok(message) if env.boolean(message).unwrap_or(false) => answered.set(Told::Harmless),
                Ok(_) => {}
                Err(_) => env.swallow(),
            }
        });
        if scope.is_err() {
            env.swallow();
        }
        self.telling.set(false);
        answered.get()
    }
}
