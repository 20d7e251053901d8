//! One page of services as one block of text with a table of offsets.
//!
//! Ten thousand services would otherwise be a hundred thousand small allocations. All text of a page lies in one
//! block that is never changed or moved once it is made; each piece ends with a NUL, so that a C record can point
//! into it. A row of the table says where the pieces of one service begin:
//!
//! ```text
//! lists in the order they came: word NUL word NUL …    fields in the order of `Field`: text NUL text NUL …
//! ^ lists[0].0        lists[0].1 ^                      ^ fields[0]  ^ fields[1]          fields[FIELDS] ^
//! ```

use std::borrow::Cow;

/// A text of a service; the order is that in the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Name,
    CreatedAt,
    UpdatedAt,
    TerminatorStrategy,
    ConfigJson,
    TagsJson,
    PostureQueriesJson,
}

pub(super) const FIELDS: usize = 8;

/// A list of words of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Permissions,
    RoleAttributes,
    ConfigIds,
}

pub(super) const LISTS: usize = 3;

/// Where the texts of one service begin, and its numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// Beginnings of the fields, and the end of the last.
    fields: [u32; FIELDS + 1],
    /// Beginning and end of each list.
    lists: [(u32, u32); LISTS],
    pub(super) max_idle_time_millis: i64,
    pub(super) encryption_required: bool,
    pub(super) can_dial: bool,
    pub(super) can_bind: bool,
}

/// The services of one page.
#[derive(Clone)]
pub(super) struct Block {
    text: Box<str>,
    rows: Box<[Row]>,
}

impl Block {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn row(&self, row: usize) -> &Row {
        &self.rows[row]
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A field with the NUL at its end.
    pub(super) fn field_with_nul(&self, row: &Row, field: Field) -> &str {
        let at = field as usize;
        self.between(row.fields[at], row.fields[at + 1])
    }

    /// The words of a list, each with the NUL at its end.
    pub(super) fn list_with_nuls(&self, row: &Row, list: List) -> &str {
        let (start, end) = row.lists[list as usize];
        self.between(start, end)
    }

    /// A block with one of the rows alone.
    pub(super) fn only(&self, row: &Row) -> Block {
        self.some([row])
    }

    /// A block with some of the rows.
    pub(super) fn some<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Block {
        let mut text = String::new();
        let rows = rows.into_iter().map(|row| self.copy(row, &mut text)).collect();
        Block { text: text.into(), rows }
    }

    /// A row whose texts are copied to the end of `text`.
    fn copy(&self, row: &Row, text: &mut String) -> Row {
        let mut copied = *row;
        let mut copy = |start: u32, end: u32| {
            let begin = text.len() as u32;
            text.push_str(self.between(start, end));
            (begin, text.len() as u32)
        };
        copied.lists = row.lists.map(|(start, end)| copy(start, end));
        let (begin, _) = copy(row.fields[0], row.fields[FIELDS]);
        copied.fields = row.fields.map(|at| at - row.fields[0] + begin);
        copied
    }

    fn between(&self, start: u32, end: u32) -> &str {
        &self.text[start as usize..end as usize]
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.text.len() + size_of_val::<[Row]>(&self.rows)
    }
}

/// The texts of a service before they are in the block, in the order of `Field`; `None` is an absent field.
pub(super) type Fields<'a> = [Option<Cow<'a, str>>; FIELDS];

/// Gathers the rows of one page after the other in buffers that are used again, and cuts each page to its size.
#[derive(Default)]
pub(super) struct Builder {
    text: String,
    rows: Vec<Row>,
}

/// A page has more text than offsets of 32 bits can tell.
#[derive(Debug)]
pub(super) struct TooLarge;

impl Builder {
    /// Begins a page anew whose text is at most about `text` bytes.
    pub(super) fn begin(&mut self, text: usize) {
        self.text.clear();
        self.rows.clear();
        self.text.reserve(text);
    }

    /// Where the next text will begin.
    pub(super) fn position(&self) -> Result<u32, TooLarge> {
        u32::try_from(self.text.len()).map_err(|_| TooLarge)
    }

    /// Forgets all text from `position` on: the row is not wanted.
    pub(super) fn rewind(&mut self, position: u32) {
        self.text.truncate(position as usize);
    }

    /// Adds a word of the list that is being read.
    pub(super) fn word(&mut self, word: Cow<'_, str>) {
        push_terminated(&mut self.text, word);
    }

    /// Adds a row whose lists are in the block already.
    pub(super) fn row(&mut self, mut row: Row, lists: [(u32, u32); LISTS], fields: Fields<'_>) -> Result<(), TooLarge> {
        row.lists = lists;
        for (at, field) in fields.into_iter().enumerate() {
            row.fields[at] = self.position()?;
            match field {
                Some(text) => push_terminated(&mut self.text, text),
                None => self.text.push_str(EMPTY[at]),
            }
        }
        row.fields[FIELDS] = self.position()?;
        self.rows.push(row);
        Ok(())
    }

    /// The page, cut to its size.
    pub(super) fn finish(&self) -> Block {
        Block { text: self.text.as_str().into(), rows: self.rows.as_slice().into() }
    }
}

/// What stands for an absent field, in the order of `Field`.
const EMPTY: [&str; FIELDS] = ["\0", "\0", "\0", "\0", "\0", "{}\0", "{}\0", "[]\0"];

/// A NUL in a text would end it early in C, so both faces get the replacement character instead. Only a text with
/// escapes can hold one, and only such a text is not borrowed.
fn push_terminated(block: &mut String, text: Cow<'_, str>) {
    match text {
        Cow::Owned(text) if text.contains('\0') => block.push_str(&text.replace('\0', "\u{fffd}")),
        text => block.push_str(&text),
    }
    block.push('\0');
}
