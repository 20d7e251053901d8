//! The border: no panic crosses it, no argument passes unseen, and `*out` is NULL until a call has succeeded.

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::error::zec_error;
use crate::error::Error;

/// Runs the body of an exported function. A panic becomes `ZEC_ERR_PANIC`.
pub(crate) fn guard<F: FnOnce() -> Result<(), Error>>(body: F) -> Option<Box<zec_error>> {
    let mut body = Some(body);
    guarded(&mut || body.take().map_or(Ok(()), |body| body()), function::<F>)
}

/// What all exported functions share, so that each of them is its body and little more.
fn guarded(body: &mut dyn FnMut() -> Result<(), Error>, function: fn() -> &'static str) -> Option<Box<zec_error>> {
    // The error is made inside as well, so that nothing that can panic is left outside.
    let guarded = AssertUnwindSafe(|| body().err().map(|error| Box::new(zec_error::new(&error))));
    catch_unwind(guarded).unwrap_or_else(|_| Some(Box::new(zec_error::panicked(function()))))
}

/// Runs the body of an exported function that cannot fail. A panic ends it with `fallback`.
pub(crate) fn guard_or<T, F: FnOnce() -> T>(fallback: T, body: F) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// The argument, or an error that names it.
pub(crate) fn arg<T>(argument: Option<T>, name: &str) -> Result<T, Error> {
    argument.ok_or_else(|| missing(name))
}

#[cold]
fn missing(name: &str) -> Error {
    Error::InvalidArgument(format!("argument {name} is NULL"))
}

/// Sets `*out` to NULL, as it stays unless the call succeeds.
pub(crate) fn clear<T>(out: &mut MaybeUninit<*mut T>) -> &mut MaybeUninit<*mut T> {
    out.write(ptr::null_mut());
    out
}

/// The name of the function that a closure of type `F` stands in.
fn function<F>() -> &'static str {
    let path = std::any::type_name::<F>();
    path.rsplit("::").find(|part| !part.starts_with('{')).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;
    use crate::ffi::{zec_code, zec_error_code, zec_error_message};

    fn message(error: &zec_error) -> String {
        let message = zec_error_message(Some(error));
        // SAFETY: the message of an error is NUL-terminated and lives as long as the error (header, "Strings").
        unsafe { CStr::from_ptr(message) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_success_is_null() {
        assert!(guard(|| Ok(())).is_none());
    }

    #[test]
    fn an_error_comes_through() {
        let error = guard(|| Err(Error::Unsupported("not here".into()))).unwrap();
        assert_eq!(zec_error_code(Some(&error)), zec_code::ZEC_ERR_UNSUPPORTED);
        assert_eq!(message(&error), "not here");
    }

    #[test]
    fn a_panic_becomes_an_error_that_names_the_function_and_not_the_panic() {
        let error = guard(|| panic!("the password is hunter2")).unwrap();
        assert_eq!(zec_error_code(Some(&error)), zec_code::ZEC_ERR_PANIC);
        let name = "a_panic_becomes_an_error_that_names_the_function_and_not_the_panic";
        assert_eq!(message(&error), format!("a bug: panic in {name}"));
    }

    #[test]
    fn a_panic_in_what_cannot_fail_gives_the_fallback() {
        assert_eq!(guard_or(7, || panic!("a test's panic")), 7);
        assert_eq!(guard_or(7, || 8), 8);
    }

    #[test]
    fn out_is_null_after_a_failure() {
        let mut slot = MaybeUninit::new(ptr::dangling_mut::<u64>());
        let error = guard(|| {
            clear(&mut slot);
            Err(Error::Unsupported("not here".into()))
        });
        assert!(error.is_some());
        // SAFETY: the slot was initialized above.
        assert!(unsafe { slot.assume_init() }.is_null());
    }

    #[test]
    fn a_missing_argument_is_named() {
        let error = arg::<&u8>(None, "client").unwrap_err();
        assert_eq!(error.to_string(), "argument client is NULL");
    }
}
