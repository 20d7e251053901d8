//! One place for all that a small record points to.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::secret::Secret;
use crate::wire::{EntityRef, Timestamp};

/// All that is stored starts at a multiple of a word.
type Word = MaybeUninit<u64>;

/// Words in a chunk: one chunk is enough for most answers.
const CHUNK: usize = 256;

/// Texts and records in few large chunks. What it gives out stays where it is until the arena is dropped, also when
/// the arena itself is moved.
#[derive(Default)]
pub(crate) struct Arena {
    /// A chunk is filled up to its capacity, never beyond, so that it never moves.
    chunks: Vec<Vec<Word>>,
    /// True if all of it is wiped in the end. Large lists hold no secret, and wiping them would take longer than
    /// freeing them.
    holds_secret: bool,
}

impl Drop for Arena {
    fn drop(&mut self) {
        if self.holds_secret {
            self.chunks.iter_mut().for_each(Zeroize::zeroize);
        }
    }
}

impl Arena {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The text, NUL-terminated. A NUL inside would hide the rest, so it becomes U+FFFD.
    pub(crate) fn str(&mut self, text: &str) -> *const c_char {
        if text.contains('\0') {
            return self.str(&Zeroizing::new(text.replace('\0', "\u{FFFD}")));
        }
        let start = self.bytes(text.len() + 1);
        // SAFETY: `start` has room for the text and its NUL, and nobody else knows it yet.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), start, text.len()) };
        // SAFETY: as above.
        unsafe { start.add(text.len()).write(0) };
        start.cast()
    }

    /// The text, or NULL.
    pub(crate) fn optional_str(&mut self, text: Option<&str>) -> *const c_char {
        text.map_or(ptr::null(), |text| self.str(text))
    }

    /// The secret as text, wiped in the end together with all else that is here.
    pub(crate) fn secret(&mut self, secret: &Secret) -> *const c_char {
        self.holds_secret = true;
        self.str(secret.expose())
    }

    /// The same, or NULL.
    pub(crate) fn optional_secret(&mut self, secret: Option<&Secret>) -> *const c_char {
        secret.map_or(ptr::null(), |secret| self.secret(secret))
    }

    /// The secrets as texts, wiped as well, in an array that ends with NULL.
    pub(crate) fn secrets(&mut self, secrets: &[Secret]) -> *const *const c_char {
        self.holds_secret |= !secrets.is_empty();
        self.strs(secrets.iter().map(Secret::expose))
    }

    /// The point in time as the controller wrote it, or NULL.
    pub(crate) fn time(&mut self, time: Option<&Timestamp>) -> *const c_char {
        self.optional_str(time.map(Timestamp::as_str))
    }

    /// The name in a reference, or NULL.
    pub(crate) fn name_of(&mut self, entity: Option<&EntityRef>) -> *const c_char {
        self.optional_str(entity.and_then(|entity| entity.name.as_deref()))
    }

    /// The object as JSON.
    pub(crate) fn json(&mut self, object: &Map<String, Value>) -> *const c_char {
        let text = serde_json::to_string(object).expect("a map with text as keys can always be written");
        self.str(&text)
    }

    /// The texts, as an array that ends with NULL.
    pub(crate) fn strs<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> *const *const c_char {
        let mut pointers: Vec<*const c_char> = texts.into_iter().map(|text| self.str(text)).collect();
        pointers.push(ptr::null());
        self.slice(&pointers)
    }

    /// The records, as an array of pointers that ends with NULL.
    pub(crate) fn list<T: Copy>(&mut self, records: &[T]) -> *const *const T {
        let first = self.slice(records);
        let mut pointers: Vec<*const T> = (0..records.len()).map(|at| first.wrapping_add(at)).collect();
        pointers.push(ptr::null());
        self.slice(&pointers)
    }

    /// One record.
    pub(crate) fn one<T: Copy>(&mut self, record: T) -> *const T {
        self.slice(&[record])
    }

    fn slice<T: Copy>(&mut self, items: &[T]) -> *const T {
        const { assert!(align_of::<T>() <= align_of::<Word>()) };
        let start = self.bytes(size_of_val(items)).cast::<T>();
        // SAFETY: `start` is aligned, has room for the items, and nobody else knows it yet.
        unsafe { ptr::copy_nonoverlapping(items.as_ptr(), start, items.len()) };
        start
    }

    /// Room for `len` bytes, aligned to a word.
    fn bytes(&mut self, len: usize) -> *mut u8 {
        let words = len.div_ceil(size_of::<Word>());
        let fits = self.chunks.last().is_some_and(|chunk| chunk.capacity() - chunk.len() >= words);
        if !fits {
            self.chunks.push(Vec::with_capacity(words.max(CHUNK)));
        }
        let chunk = self.chunks.last_mut().expect("one was added above if there was none");
        let start = chunk.len();
        chunk.resize(start + words, Word::uninit());
        chunk.as_mut_ptr().wrapping_add(start).cast()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    fn read<'a>(text: *const c_char) -> &'a str {
        // SAFETY: the arena's texts are NUL-terminated, and the tests keep their arenas.
        unsafe { CStr::from_ptr(text) }.to_str().unwrap()
    }

    #[test]
    fn what_was_given_out_stays_while_the_arena_grows_and_moves() {
        let mut arena = Arena::new();
        let texts: Vec<String> = (0..2000).map(|n| "x".repeat(n % 97) + &n.to_string()).collect();
        let given: Vec<_> = texts.iter().map(|text| arena.str(text)).collect();
        let large = arena.str(&"y".repeat(100_000));
        let moved = Box::new(arena);
        for (text, given) in texts.iter().zip(given) {
            assert_eq!(read(given), text);
        }
        assert_eq!(read(large).len(), 100_000);
        assert!(moved.chunks.len() < 100, "{} chunks", moved.chunks.len());
    }

    #[test]
    fn a_nul_inside_does_not_hide_the_rest() {
        let mut arena = Arena::new();
        assert_eq!(read(arena.str("a\0b")), "a\u{FFFD}b");
    }

    #[test]
    fn absent_text_is_null() {
        let mut arena = Arena::new();
        assert!(arena.optional_str(None).is_null());
        assert_eq!(read(arena.optional_str(Some(""))), "");
    }

    #[test]
    fn a_list_ends_with_null() {
        let mut arena = Arena::new();
        let list = arena.list(&[(1_u8, 10_u64), (2, 20)]);
        // SAFETY: the list has two records and a NULL.
        let (first, second, end) = unsafe { (**list, **list.add(1), *list.add(2)) };
        assert_eq!((first, second), ((1, 10), (2, 20)));
        assert!(end.is_null());
        let empty = arena.strs([]);
        // SAFETY: an empty list still has its NULL.
        assert!(unsafe { *empty }.is_null());
    }
}
