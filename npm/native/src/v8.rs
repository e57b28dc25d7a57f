//! The functions of V8 that Node-API has no equal for, found by name in the running Node.js.
//!
//! These names and the shape of [`Answer`] are V8's C++ interface on this platform, which no one promises to
//! keep. Node.js 20, 22, 24 and 26 have been tried on x86-64; `selfTest` of `npm/nodeward/eval.cjs` tries any
//! other before it is relied on.

use std::ffi::{CStr, c_char, c_void};

use crate::napi::{CreateOutside, Fault, Value};

/// `v8::Local<v8::Context>`
pub(crate) type Context = *mut c_void;

/// `v8::ModifyCodeGenerationFromStringsResult`: whether to go on, and a source to put in place of the
/// original, which is never done here.
#[repr(C)]
pub(crate) struct Answer {
    allowed: bool,
    replaced: *mut c_void,
}

impl Answer {
    pub(crate) const ALLOW: Self = Self { allowed: true, replaced: std::ptr::null_mut() };
    pub(crate) const DENY: Self = Self { allowed: false, replaced: std::ptr::null_mut() };
}

/// `v8::ModifyCodeGenerationFromStringsCallback2`
pub(crate) type StringsCallback = extern "C" fn(Context, Value, bool) -> Answer;
/// `v8::AllowWasmCodeGenerationCallback`
pub(crate) type WasmCallback = extern "C" fn(Context, Value) -> bool;

type CurrentIsolate = unsafe extern "C" fn() -> *mut c_void;
type SetStringsCallback = unsafe extern "C" fn(*mut c_void, StringsCallback);
type SetWasmCallback = unsafe extern "C" fn(*mut c_void, WasmCallback);
type SetMessage = unsafe extern "C" fn(Context, Value);
type NodesOwn = unsafe extern "C" fn(Context, Value, bool) -> Answer;

unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// What was found of V8 in this process.
#[derive(Clone, Copy)]
pub(crate) struct V8 {
    current_isolate: CurrentIsolate,
    set_strings_callback: SetStringsCallback,
    set_wasm_callback: SetWasmCallback,
    set_strings_message: Option<SetMessage>,
    set_wasm_message: Option<SetMessage>,
    nodes_own: Option<NodesOwn>,
}

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: a null library means all that the process has loaded, and the name ends with NUL.
    let address = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// Takes the address of a function by its C++ name, which also spells its argument types.
macro_rules! function {
    ($name:expr => $kind:ty) => {
        symbol($name).map(|address| {
            // SAFETY: the mangled name fixes the arguments; that the result is as declared was tested on
            // the versions named above, and a self-test runs before any other version is relied on.
            unsafe { std::mem::transmute::<*mut c_void, $kind>(address) }
        })
    };
}

/// What makes strings of memory that is not V8's, where this Node.js has it.
pub(crate) fn create_outside() -> Option<CreateOutside> {
    function!(c"node_api_create_external_string_latin1" => CreateOutside)
}

impl V8 {
    /// Looks the functions up; the callbacks cannot be done without, the messages can.
    pub(crate) fn find() -> Result<Self, Fault> {
        let found = (
            function!(c"_ZN2v87Isolate10GetCurrentEv" => CurrentIsolate),
            function!(c"_ZN2v87Isolate42SetModifyCodeGenerationFromStringsCallbackEPFNS_37ModifyCodeGenerationFromStringsResultENS_5LocalINS_7ContextEEENS2_INS_5ValueEEEbE" => SetStringsCallback),
            function!(c"_ZN2v87Isolate34SetAllowWasmCodeGenerationCallbackEPFbNS_5LocalINS_7ContextEEENS1_INS_6StringEEEE" => SetWasmCallback),
        );
        let (Some(current_isolate), Some(set_strings_callback), Some(set_wasm_callback)) = found else {
            return Err(Fault::Own(
                c"Nodeward add-on: this Node.js does not export V8's code generation callbacks",
            ));
        };
        Ok(Self {
            current_isolate,
            set_strings_callback,
            set_wasm_callback,
            set_strings_message: function!(c"_ZN2v87Context43SetErrorMessageForCodeGenerationFromStringsENS_5LocalINS_6StringEEE" => SetMessage),
            set_wasm_message: function!(c"_ZN2v87Context36SetErrorMessageForWasmCodeGenerationENS_5LocalINS_6StringEEE" => SetMessage),
            nodes_own: function!(c"_ZN4node31ModifyCodeGenerationFromStringsEN2v85LocalINS0_7ContextEEENS1_INS0_5ValueEEEb" => NodesOwn),
        })
    }

    /// Sets the callbacks of the isolate that runs on this thread, in place of those of Node.js.
    pub(crate) fn set_callbacks(
        &self,
        strings: StringsCallback,
        wasm: Option<WasmCallback>,
    ) -> Result<(), Fault> {
        // SAFETY: no arguments; the thread runs JavaScript, so it has an isolate, and null is looked for.
        let isolate = unsafe { (self.current_isolate)() };
        if isolate.is_null() {
            return Err(Fault::Own(c"Nodeward add-on: no isolate runs on this thread"));
        }
        // SAFETY: the isolate is the live one of this thread, and the library is never unloaded (build.rs).
        unsafe { (self.set_strings_callback)(isolate, strings) };
        if let Some(wasm) = wasm {
            // SAFETY: as above.
            unsafe { (self.set_wasm_callback)(isolate, wasm) };
        }
        Ok(())
    }

    /// The message of the EvalError that V8 throws after a denial in this context.
    pub(crate) fn set_strings_message(&self, context: Context, message: Value) {
        if let Some(set) = self.set_strings_message {
            // SAFETY: the context is the one that V8 handed to the callback, and the message is a string.
            unsafe { set(context, message) };
        }
    }

    /// The message of the CompileError that V8 throws after a denial in this context.
    pub(crate) fn set_wasm_message(&self, context: Context, message: Value) {
        if let Some(set) = self.set_wasm_message {
            // SAFETY: as in `set_strings_message`.
            unsafe { set(context, message) };
        }
    }

    /// Has Node.js look at an allowed source as it would without us: it notes the source map in it. What it
    /// would have answered is not asked.
    pub(crate) fn let_node_see(&self, context: Context, source: Value, is_code_like: bool) {
        if let Some(own) = self.nodes_own {
            // SAFETY: the same arguments that V8 handed to our callback of the same type.
            unsafe { own(context, source, is_code_like) };
        }
    }
}
