//! Changes of an identity, and how they meet the changes that other processes made in its file.

use std::path::Path;

use super::document::Document;
use super::names::folder_of;
use super::reading::read_text;
use super::{Identity, Store, addresses, parse};
use crate::error::Error;
use crate::secret::Secret;

impl Identity {
    /// The same identity with other controllers, the preferred one first, as `https://host:port`. A path after that is
    /// kept for other readers of the file; where there is none they are given the path of the client API.
    ///
    /// Nothing is written before it is saved.
    pub fn with_controllers<S: AsRef<str>>(&self, controllers: &[S]) -> Result<Self, Error> {
        if controllers.is_empty() {
            return Err(Error::InvalidArgument("an identity needs at least one controller".to_owned()));
        }
        let in_full = controllers.iter().map(|address| addresses::in_full(address.as_ref()));
        let mut document = self.inner.document.clone();
        addresses::put(&mut document, &in_full.collect::<Result<Vec<_>, _>>()?);
        self.revised(document)
    }

    /// This identity with another text, which is to be written where this one is kept.
    pub(super) fn revised(&self, document: Document) -> Result<Self, Error> {
        let revised = Self::from_document("the changed identity", document, &self.inner.folder, self.external())?;
        Ok(Self { store: self.store.clone(), loaded: self.loaded.clone(), ..revised })
    }

    /// The text for a file: what the identity says now, joined with what others changed in the file that it was loaded
    /// from. Call it under the lock.
    pub(super) fn text_to_write(&self, path: &Path) -> Result<Secret, Error> {
        let Some(loaded) = self.loaded_from(path) else {
            return Ok(self.text_for(folder_of(path)));
        };
        let what = format!("identity file {}", path.display());
        let theirs = read_text(&what, path)?;
        self.joined_with(&what, loaded, &theirs, folder_of(path))
    }

    /// What this file held when the identity came from there, if it did.
    fn loaded_from(&self, path: &Path) -> Option<&Document> {
        let own = self.store.as_ref().and_then(Store::path)?.canonicalize().ok()?;
        self.loaded.as_ref().filter(|_| path.canonicalize().is_ok_and(|path| path == own)).map(|inner| &inner.document)
    }

    /// The text for the identity's own file, which held `base` and holds `theirs` now: with the changes of both sides.
    fn joined_with(&self, what: &str, base: &Document, theirs: &str, folder: &Path) -> Result<Secret, Error> {
        let mine = &self.inner.document;
        let changed = |why: &str| {
            let message = format!("{what}: changed meanwhile: {why}; load it again, and then do what was to be saved");
            Error::Identity(message)
        };
        let theirs = parse(theirs).map_err(|why| changed(&why))?;
        let both = |name: String| changed(&format!("{name} is not what it was, and has another value here"));
        let joined = Document::join(base, mine, &theirs).map_err(both)?;
        if !joined.says_the_same(mine) && !joined.says_the_same(&theirs) {
            // A key of the one and a certificate of the other would be nobody's identity.
            Self::from_document(what, joined.clone(), folder, self.external())
                .map_err(|error| changed(&error.to_string()))?;
        }
        Ok(joined.to_json())
    }
}
