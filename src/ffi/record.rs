//! What a call returns: a record that C reads, and behind it, where C does not look, what it points to.

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
