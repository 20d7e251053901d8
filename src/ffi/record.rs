//! What a call returns: a record that C reads, and behind it, where C does not look, what it points to.

use std::ptr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::arena::Arena;
use crate::error::Error;

/// The root of a result: handed out as a pointer, freed as a whole.
pub(crate) trait Root: Sized {
    /// What owns everything the record points to. It must not move its contents when it is moved itself.
    type Kept;
}

/// C holds a pointer to `record`, which is also a pointer to all of this.
#[repr(C)]
struct Published<R: Root> {
    record: R,
    kept: R::Kept,
}

/// Gives a result to C: the record that `view` makes of what is kept.
pub(crate) fn publish<R: Root>(mut kept: R::Kept, view: impl FnOnce(&mut R::Kept) -> R) -> *mut R {
    let record = view(&mut kept);
    Box::into_raw(Box::new(Published { record, kept })).cast()
}

/// Frees a result. NULL is accepted.
///
/// # Safety
/// `root` is NULL, or came from [`publish`] and was not released before.
pub(crate) unsafe fn release<R: Root>(root: *mut R) {
    if !root.is_null() {
        // SAFETY: publish made it of such a box.
        drop(unsafe { Box::from_raw(root.cast::<Published<R>>()) });
    }
}

/// A record that is made of a model, with its texts in an arena.
pub(crate) trait View: Copy {
    type Model;

    fn view(model: &Self::Model, arena: &mut Arena) -> Self;
}

impl Arena {
    /// The records of all models, as an array of pointers that ends with NULL.
    pub(crate) fn views<V: View>(&mut self, models: &[V::Model]) -> *const *const V {
        let records: Vec<V> = models.iter().map(|model| V::view(model, self)).collect();
        self.list(&records)
    }

    /// The record of a model, or NULL.
    pub(crate) fn optional_view<V: View>(&mut self, model: Option<&V::Model>) -> *const V {
        let Some(model) = model else { return ptr::null() };
        let record = V::view(model, self);
        self.one(record)
    }
}

/// A number for C, where 0 says something: -1 for none.
pub(crate) fn or_minus_one(number: Option<u64>) -> i64 {
    number.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX))
}

/// A time span for C.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970 for C, where 0 says nothing.
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Gives the record of a model to C.
pub(crate) fn give<V: View + Root<Kept = Arena>>(model: &V::Model) -> *mut V {
    publish(Arena::new(), |arena| V::view(model, arena))
}

/// Shows the rows of a list to C one by one, each only as long as `visit` runs, until that answers other than 0.
pub(crate) fn for_each<V: View>(
    mut rows: impl Iterator<Item = Result<V::Model, Error>>,
    mut visit: impl FnMut(*const V) -> i32,
) -> Result<(), Error> {
    rows.try_for_each(|row| {
        let mut arena = Arena::new();
        let record = V::view(&row.map_err(Stop::Failed)?, &mut arena);
        if visit(&raw const record) == 0 { Ok(()) } else { Err(Stop::Wanted) }
    })
    .or_else(|stop| match stop {
        Stop::Wanted => Ok(()),
        Stop::Failed(error) => Err(error),
    })
}

enum Stop {
    Wanted,
    Failed(Error),
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    struct Sum {
        total: u32,
    }

    impl Root for Sum {
        type Kept = Rc<Vec<u32>>;
    }

    #[test]
    fn a_record_is_readable_until_it_is_released_with_all_it_keeps() {
        let numbers = Rc::new(vec![1, 2, 3]);
        let root = publish(numbers.clone(), |kept: &mut Rc<Vec<u32>>| Sum { total: kept.iter().sum() });
        // SAFETY: it was not released yet.
        assert_eq!(unsafe { &*root }.total, 6);
        assert_eq!(Rc::strong_count(&numbers), 2);
        // SAFETY: it came from publish and is released once; NULL is accepted.
        unsafe { (release(root), release::<Sum>(std::ptr::null_mut())) };
        assert_eq!(Rc::strong_count(&numbers), 1);
    }
}
