//! Symbolic links in place of an identity file.

use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder with `link.json -> relative.json -> data/alice.json`, and the folder `data`.
fn linked() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    symlink("data/alice.json", folder.path().join("relative.json")).unwrap();
    symlink(folder.path().join("relative.json"), folder.path().join("link.json")).unwrap();
    folder
}

#[test]
fn what_a_link_points_to_is_replaced_in_its_own_folder_if_that_is_wanted() {
    let folder = linked();
    let (link, data) = (folder.path().join("link.json"), folder.path().join("data"));
    fs::write(data.join("alice.json"), "old").unwrap();
    let store = Store::file(&link).follow_symlinks(true);

    store.save(&usual()).unwrap();

    assert_eq!(names(&data), ["alice.json", "alice.json.lock"]);
    assert_eq!(names(folder.path()), ["data", "link.json", "relative.json"]);
    assert!(link.is_symlink() && Identity::load(&link).is_ok());

    let error = Identity::load(&link).unwrap().save(&link).unwrap_err();
    assert!(error.to_string().contains("link.json: is a symbolic link"), "{error}");
    store.clone().follow_symlinks(false).save(&usual()).unwrap_err();
}

#[test]
fn an_identity_that_was_loaded_through_a_link_is_joined_with_what_others_wrote() {
    let folder = linked();
    let (link, file) = (folder.path().join("link.json"), folder.path().join("data/alice.json"));
    fs::write(&file, usual_json()).unwrap();
    let loaded = Identity::load(&link).unwrap().with_controllers(&["https://new.test"]).unwrap();
    fs::write(&file, usual_json().replacen('{', r#"{"more":1,"#, 1)).unwrap();
    for store in [Store::file(&link).follow_symlinks(true), Store::file(&file)] {
        store.save(&loaded).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(r#""more": 1"#) && text.contains("new.test"), "{text}");
    }
}

#[test]
fn an_enrollment_makes_the_file_that_a_link_waits_for() {
    let folder = linked();
    let (link, data) = (folder.path().join("link.json"), folder.path().join("data"));
    Store::file(&link).reserve(|| Ok(())).err().expect("a link is not followed unless that is wanted");
    let store = Store::file(&link).follow_symlinks(true);
    store.reserve(|| Ok(())).unwrap().fill(&usual(), Duration::ZERO).unwrap();
    assert_eq!(names(&data), ["alice.json", "alice.json.lock"]);
    assert!(link.is_symlink());
}

#[test]
fn links_that_lead_nowhere_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (ring, astray) = (folder.path().join("ring.json"), folder.path().join("astray.json"));
    symlink("ring.json", &ring).unwrap();
    symlink("no/such/folder.json", &astray).unwrap();
    for (path, expected) in [(ring, "more than 40 symbolic links in a row"), (astray, "no/such: open the folder")] {
        let store = Store::file(path).follow_symlinks(true);
        for message in [store.save(&usual()).unwrap_err(), store.reserve(|| Ok(())).err().unwrap()] {
            assert!(message.to_string().contains(expected), "{message}");
        }
    }
}
