//! The few functions of Node-API that are used, as Node.js exports them, and calls of them that can't be
//! made wrongly from outside this file.

use std::ffi::{CStr, c_char, c_void};
use std::mem::ManuallyDrop;
use std::ptr::{NonNull, null, null_mut};

use crate::v8;

/// `napi_env`: an environment of Node.js.
pub(crate) type RawEnv = *mut c_void;
/// `napi_value`: a handle, good until the scope it was made in ends. V8's `Local` is the same pointer.
pub(crate) type Value = *mut c_void;
/// `napi_callback_info`
pub(crate) type CallInfo = *mut c_void;
/// `napi_callback`
pub(crate) type Callback = unsafe extern "C" fn(RawEnv, CallInfo) -> Value;
/// `napi_ref`: keeps a value until the environment ends.
pub(crate) type Reference = *mut c_void;

type Status = i32;
const OK: Status = 0;
const TYPE_STRING: i32 = 4;
const TYPE_FUNCTION: i32 = 7;

unsafe extern "C" {
    fn napi_add_env_cleanup_hook(env: RawEnv, hook: extern "C" fn(*mut c_void), data: *mut c_void) -> Status;
    fn napi_call_function(
        env: RawEnv,
        this: Value,
        function: Value,
        count: usize,
        arguments: *const Value,
        result: *mut Value,
    ) -> Status;
    fn napi_close_handle_scope(env: RawEnv, scope: *mut c_void) -> Status;
    fn napi_create_function(
        env: RawEnv,
        name: *const c_char,
        length: usize,
        callback: Callback,
        data: *mut c_void,
        result: *mut Value,
    ) -> Status;
    fn napi_create_reference(env: RawEnv, value: Value, count: u32, result: *mut Reference) -> Status;
    fn napi_create_string_latin1(env: RawEnv, bytes: *const u8, length: usize, result: *mut Value) -> Status;
    fn napi_create_string_utf8(env: RawEnv, bytes: *const u8, length: usize, result: *mut Value) -> Status;
    fn napi_create_uint32(env: RawEnv, value: u32, result: *mut Value) -> Status;
    fn napi_get_and_clear_last_exception(env: RawEnv, result: *mut Value) -> Status;
    fn napi_get_cb_info(
        env: RawEnv,
        info: CallInfo,
        count: *mut usize,
        arguments: *mut Value,
        this: *mut Value,
        data: *mut *mut c_void,
    ) -> Status;
    fn napi_get_reference_value(env: RawEnv, reference: Reference, result: *mut Value) -> Status;
    fn napi_get_undefined(env: RawEnv, result: *mut Value) -> Status;
    fn napi_get_value_bool(env: RawEnv, value: Value, result: *mut bool) -> Status;
    fn napi_get_value_string_utf8(
        env: RawEnv,
        value: Value,
        buffer: *mut u8,
        size: usize,
        result: *mut usize,
    ) -> Status;
    fn napi_is_exception_pending(env: RawEnv, result: *mut bool) -> Status;
    fn napi_open_handle_scope(env: RawEnv, result: *mut *mut c_void) -> Status;
    fn napi_set_named_property(env: RawEnv, object: Value, name: *const c_char, value: Value) -> Status;
    fn napi_strict_equals(env: RawEnv, left: Value, right: Value, result: *mut bool) -> Status;
    fn napi_throw_error(env: RawEnv, code: *const c_char, message: *const c_char) -> Status;
    fn napi_typeof(env: RawEnv, value: Value, result: *mut i32) -> Status;
}

/// `napi_finalize`
pub(crate) type Finalize = extern "C" fn(RawEnv, *mut c_void, *mut c_void);
/// `node_api_create_external_string_latin1`, which Node.js 20 to 26 have and call experimental.
pub(crate) type CreateOutside =
    unsafe extern "C" fn(RawEnv, *mut u8, usize, Finalize, *mut c_void, *mut Value, *mut bool) -> Status;

/// How the bytes of a text are to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Ascii,
    Utf8,
}

/// Why something could not be done; JavaScript gets it as an error with the code `ERR_NODEWARD_ADDON`.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// Node-API refused, or an exception of JavaScript is on its way and goes on.
    Api,
    /// Something of our own, as a message.
    Own(&'static CStr),
}

/// An environment of Node.js, on the thread that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Env(NonNull<c_void>);

/// Makes what a Node-API function writes through its last argument the result.
macro_rules! made {
    ($start:expr, |$slot:ident| $call:expr) => {{
        let mut made = $start;
        let $slot = &raw mut made;
        // SAFETY: the environment is live and on its own thread (what `Env` stands for), handles come from
        // Node.js and from scopes that are still open, and the slot outlives the call.
        let status = unsafe { $call };
        if status == OK { Ok(made) } else { Err(Fault::Api) }
    }};
}

impl Env {
    /// The environment that Node.js handed to one of our functions.
    pub(crate) fn new(env: RawEnv) -> Option<Self> {
        NonNull::new(env).map(Self)
    }

    fn raw(self) -> RawEnv {
        self.0.as_ptr()
    }

    /// Throws into JavaScript unless an exception is on its way already.
    pub(crate) fn throw(self, fault: Fault) {
        let pending = made!(false, |slot| napi_is_exception_pending(self.raw(), slot)).unwrap_or(false);
        if pending {
            return;
        }
        let message = match fault {
            Fault::Api => c"Nodeward add-on: Node-API refused a call",
            Fault::Own(message) => message,
        };
        // SAFETY: as in `made`; both strings end with NUL. If it fails the caller returns undefined, which
        // allows nothing.
        unsafe { napi_throw_error(self.raw(), c"ERR_NODEWARD_ADDON".as_ptr(), message.as_ptr()) };
    }

    /// Forgets a pending exception.
    pub(crate) fn swallow(self) {
        let _: Result<Value, Fault> =
            made!(null_mut(), |slot| napi_get_and_clear_last_exception(self.raw(), slot));
    }

    pub(crate) fn undefined(self) -> Result<Value, Fault> {
        made!(null_mut(), |slot| napi_get_undefined(self.raw(), slot))
    }

    pub(crate) fn number(self, number: u32) -> Result<Value, Fault> {
        made!(null_mut(), |slot| napi_create_uint32(self.raw(), number, slot))
    }

    /// A string with a copy of these bytes.
    pub(crate) fn text(self, bytes: &[u8], encoding: Text) -> Result<Value, Fault> {
        let (start, length) = (bytes.as_ptr(), bytes.len());
        match encoding {
            Text::Ascii => {
                made!(null_mut(), |slot| napi_create_string_latin1(self.raw(), start, length, slot))
            }
            Text::Utf8 => made!(null_mut(), |slot| napi_create_string_utf8(self.raw(), start, length, slot)),
        }
    }

    /// A string of ASCII that keeps these bytes where they are. Given back where this Node.js makes no such strings.
    pub(crate) fn outside(self, bytes: Vec<u8>) -> Result<Value, Vec<u8>> {
        let Some(create) = v8::create_outside() else { return Err(bytes) };
        // After an error nobody knows whose the memory is, so that it is let be.
        let mut bytes = ManuallyDrop::new(bytes);
        let (start, length) = (bytes.as_mut_ptr(), bytes.len());
        let hint = std::ptr::without_provenance_mut(bytes.capacity());
        let mut is_copied = false;
        let copied = &raw mut is_copied;
        made!(null_mut(), |slot| create(self.raw(), start, length, give_back, hint, slot, copied))
            .map_err(|_| Vec::new())
    }

    /// A string as UTF-8, in the memory that is given. None where it fills all of it, as it may then be cut.
    pub(crate) fn utf8(self, value: Value, room: &mut [u8]) -> Result<Option<&[u8]>, Fault> {
        let (start, size) = (room.as_mut_ptr(), room.len());
        let length = made!(0, |slot| napi_get_value_string_utf8(self.raw(), value, start, size, slot))?;
        // One byte is for the NUL. The longest character takes four, and none is cut.
        Ok(if length + 4 < size { room.get(..length) } else { None })
    }

    pub(crate) fn function(self, name: &CStr, callback: Callback) -> Result<Value, Fault> {
        let length = name.count_bytes();
        made!(null_mut(), |slot| {
            napi_create_function(self.raw(), name.as_ptr(), length, callback, null_mut(), slot)
        })
    }

    pub(crate) fn set(self, object: Value, name: &CStr, value: Value) -> Result<(), Fault> {
        made!((), |_slot| napi_set_named_property(self.raw(), object, name.as_ptr(), value))
    }

    /// The first arguments of a call; those that were not given are undefined.
    pub(crate) fn arguments<const COUNT: usize>(self, info: CallInfo) -> Result<[Value; COUNT], Fault> {
        let mut count = COUNT;
        made!([null_mut(); COUNT], |slot| {
            napi_get_cb_info(self.raw(), info, &raw mut count, slot.cast(), null_mut(), null_mut())
        })
    }

    pub(crate) fn boolean(self, value: Value) -> Result<bool, Fault> {
        made!(false, |slot| napi_get_value_bool(self.raw(), value, slot))
    }

    pub(crate) fn is_string(self, value: Value) -> Result<bool, Fault> {
        made!(0, |slot| napi_typeof(self.raw(), value, slot)).map(|kind| kind == TYPE_STRING)
    }

    pub(crate) fn is_function(self, value: Value) -> Result<bool, Fault> {
        made!(0, |slot| napi_typeof(self.raw(), value, slot)).map(|kind| kind == TYPE_FUNCTION)
    }

    /// Whether two strings are equal in every UTF-16 unit: JavaScript's `===`, with no copy made.
    pub(crate) fn equal(self, left: Value, right: Value) -> Result<bool, Fault> {
        made!(false, |slot| napi_strict_equals(self.raw(), left, right, slot))
    }

    pub(crate) fn keep(self, value: Value) -> Result<Reference, Fault> {
        made!(null_mut(), |slot| napi_create_reference(self.raw(), value, 1, slot))
    }

    pub(crate) fn kept(self, reference: Reference) -> Result<Value, Fault> {
        made!(null_mut(), |slot| napi_get_reference_value(self.raw(), reference, slot))
    }

    /// Calls a function with undefined as `this`. An exception that it throws stays pending.
    pub(crate) fn call(self, function: Value, arguments: &[Value]) -> Result<Value, Fault> {
        let this = self.undefined()?;
        let first = if arguments.is_empty() { null() } else { arguments.as_ptr() };
        made!(null_mut(), |slot| {
            napi_call_function(self.raw(), this, function, arguments.len(), first, slot)
        })
    }

    /// Runs something whose handles are let go at its end.
    pub(crate) fn scope<T>(self, inside: impl FnOnce() -> T) -> Result<T, Fault> {
        let scope = made!(null_mut(), |slot| napi_open_handle_scope(self.raw(), slot))?;
        let result = inside();
        made!((), |_slot| napi_close_handle_scope(self.raw(), scope))?;
        Ok(result)
    }

    /// Has a function called on this thread when the environment ends.
    pub(crate) fn at_end(self, hook: extern "C" fn(*mut c_void)) -> Result<(), Fault> {
        // Node.js takes the function and its data together as the name of the hook.
        made!((), |_slot| napi_add_env_cleanup_hook(self.raw(), hook, self.raw()))
    }
}

/// The string of [`Env::outside`] is gone. `hint` is the capacity.
extern "C" fn give_back(_env: RawEnv, start: *mut c_void, hint: *mut c_void) {
    // SAFETY: `outside` took this start and capacity from a vector that it let be, and V8 calls once for each.
    drop(unsafe { Vec::from_raw_parts(start.cast::<u8>(), 0, hint.addr()) });
}

/// Runs the body of a function that JavaScript called, and throws its fault.
pub(crate) fn answer(env: RawEnv, body: impl FnOnce(Env) -> Result<Value, Fault>) -> Value {
    let Some(env) = Env::new(env) else { return null_mut() };
    match body(env) {
        Ok(value) => value,
        Err(fault) => {
            env.throw(fault);
            null_mut()
        }
    }
}
