use super::*;
use crate::error::Error;
use crate::identity::names::folder_of;
use crate::identity::store::held_too_long;
use crate::identity::{KeyChoice, KeySource, Pending, PendingEnrollment, PendingKey};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn target(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("alice.json")
}

fn pending(key: &PrivateKey) -> Pending {
    Pending::new("f".to_owned(), Some(PendingKey::new(key.clone(), "csr".to_owned())), None)
}

#[test]
fn a_save_leaves_the_file_and_its_lock_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        usual().save(target(&folder)).unwrap();
        assert_eq!(names(folder.path()), ["alice.json", "alice.json.lock"]);
        assert_eq!(fs::read_to_string(target(&folder)).unwrap(), usual().to_json().expose());
    }
}

#[test]
fn a_bare_name_is_a_file_in_the_current_folder() {
    assert_eq!(folder_of(Path::new("alice.json")), Path::new("."));
    assert_eq!(folder_of(Path::new("/alice.json")), Path::new("/"));
}

#[test]
fn saves_at_the_same_time_leave_one_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = target(&folder);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..10).for_each(|_| usual().save(&path).unwrap()));
        }
        for _ in 0..100 {
            if path.exists() {
                Identity::load(&path).unwrap();
            }
        }
    });
    assert_eq!(names(folder.path()), ["alice.json", "alice.json.lock"]);
}

#[test]
fn what_a_crash_left_is_removed_and_what_others_own_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let others = [".alice.json.backup.tmp", ".alice.json.other.0123456789aB.tmp", ".bob.json.0123456789aB.tmp"];
    for name in others.iter().chain(&[".alice.json.0123456789aB.tmp"]) {
        fs::write(folder.path().join(name), "half a key").unwrap();
    }
    usual().save(target(&folder)).unwrap();
    let mut expected = others.to_vec();
    expected.extend(["alice.json", "alice.json.lock"]);
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn a_lock_that_is_held_ends_the_wait_with_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::file(target(&folder));
    let held = store.reserve(|| Ok(())).unwrap();
    let start = Instant::now();
    let patience = || match start.elapsed() {
        waited if waited < Duration::from_millis(60) => Ok(()),
        _ => Err(Error::InvalidArgument("out of patience".to_owned())),
    };
    let message = store.reserve(patience).err().unwrap().to_string();
    assert!(start.elapsed() >= Duration::from_millis(60));
    assert_eq!(message, "out of patience");
    let message = held_too_long(&target(&folder)).to_string();
    assert!(message.contains("alice.json.lock: lock: another process holds the lock for more than 10 s"), "{message}");
    drop(held);
    usual().save(target(&folder)).unwrap();
}

#[test]
fn each_place_that_cannot_be_written_has_its_own_message() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    fs::create_dir(folder.path().join("folder.json")).unwrap();
    for (path, expected) in [
        (folder.path().join("none/alice.json"), "open the folder: No such file"),
        (folder.path().join("file/alice.json"), "open the folder: Not a directory"),
        (folder.path().join("folder.json"), "is not a regular file, so it is not replaced"),
        (PathBuf::from("/"), "is not the name of a file"),
        (PathBuf::from(""), "is not the name of a file"),
    ] {
        let error = usual().save(&path).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(Store::file(&path).reserve(|| Ok(())).is_err(), "{}", path.display());
    }
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"x");
}

#[test]
fn a_save_that_fails_leaves_the_old_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(target(&folder), "old").unwrap();
    fs::create_dir(folder.path().join("alice.json.lock")).unwrap();
    let error = usual().save(target(&folder)).unwrap_err();
    assert!(matches!(error, Error::Storage { .. }), "{error:?}");
    assert_eq!(fs::read(target(&folder)).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["alice.json", "alice.json.lock"]);
}

#[test]
fn a_reservation_leaves_nothing_behind_and_refuses_a_place_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::file(target(&folder)).reserve(|| Ok(())).unwrap());
    assert_eq!(names(folder.path()), ["alice.json.lock"]);
    fs::write(target(&folder), "old").unwrap();
    let message = Store::file(target(&folder)).reserve(|| Ok(())).err().unwrap().to_string();
    assert!(message.contains("alice.json: exists already"), "{message}");
    assert_eq!(fs::read(target(&folder)).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["alice.json", "alice.json.lock"]);
}

#[test]
fn a_reservation_is_filled_whole_and_forgets_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::file(target(&folder));
    let place = store.reserve(|| Ok(())).unwrap();
    place.keep_key(&pending(&new_key())).unwrap();
    place.fill(&usual(), Duration::ZERO).unwrap();
    assert_eq!(names(folder.path()), ["alice.json", "alice.json.lock"]);
    assert_eq!(fs::read_to_string(target(&folder)).unwrap(), usual().to_json().expose());
}

#[test]
fn a_certificate_is_kept_with_its_key_and_moves_nothing_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (store, key) = (Store::file(target(&folder)), new_key());
    let place = store.reserve(|| Ok(())).unwrap();
    place.keep_key(&pending(&key)).unwrap();
    let mut answered = pending(&key);
    answered.own.as_mut().unwrap().cert = Some("chain".to_owned());
    place.keep_answer(&answered);
    drop(place);
    assert_eq!(names(folder.path()), ["alice.json.lock", "alice.json.pending"]);
    let kept = fs::read(folder.path().join("alice.json.pending")).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!((&kept["cert"], &kept["key"]), (&"chain".into(), &key.text().expose().into()));
    let place = store.reserve(|| Ok(())).unwrap();
    let new = KeyChoice::default().source().unwrap();
    let same = place.take_up("f").unwrap().unwrap().with_keys(Some(&new), None).unwrap().unwrap().own.unwrap();
    assert_eq!((same.key.text().expose(), same.cert.as_deref()), (key.text().expose(), Some("chain")));
    assert!(place.take_up("another token").unwrap().is_none());
}

/// A key of somebody else's choice is given up only as long as nobody has heard of it.
#[test]
fn another_key_than_the_one_that_is_kept_is_refused_once_that_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (store, key) = (Store::file(target(&folder)), new_key());
    let other = KeySource::Kept(new_key());
    let place = store.reserve(|| Ok(())).unwrap();
    let mut pending = pending(&key);
    place.keep_key(&pending).unwrap();
    let kept = || place.take_up("f").unwrap().unwrap();
    assert_eq!(kept().state(), PendingEnrollment::KeyKept);
    assert!(kept().with_keys(Some(&other), None).unwrap().is_none());
    place.mark_sent(&mut pending).unwrap();
    assert_eq!(kept().state(), PendingEnrollment::AnswerLost);
    let error = kept().with_keys(Some(&other), None).err().unwrap();
    assert!(error.to_string().contains("enroll with the same choice of key as then"), "{error}");
    for own in [KeyChoice::default().source().unwrap(), KeySource::Kept(key.clone())] {
        let taken_up = kept().with_keys(Some(&own), None).unwrap().unwrap().own.unwrap();
        assert_eq!(taken_up.key.text().expose(), key.text().expose());
    }
    assert!(kept().with_keys(None, None).is_err(), "a method without a key is not that of a key");
}

#[test]
fn of_several_tries_with_a_token_the_one_that_came_furthest_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::file(target(&folder));
    let keys: Vec<_> = (0..4).map(|_| new_key()).collect();
    for (at, key) in keys.iter().enumerate() {
        let (place, mut pending) = (store.reserve(|| Ok(())).unwrap(), pending(key));
        place.keep_key(&pending).unwrap();
        match at {
            1 => place.mark_sent(&mut pending).unwrap(),
            2 => {
                pending.own.as_mut().unwrap().cert = Some("chain".to_owned());
                place.keep_answer(&pending);
            }
            _ => {}
        }
    }
    let new = KeyChoice::default().source().unwrap();
    let taken = || {
        let kept = store.reserve(|| Ok(())).unwrap().take_up("f").unwrap().unwrap();
        kept.with_keys(Some(&new), None).unwrap().unwrap().own.unwrap()
    };
    assert_eq!(taken().key.text().expose(), keys[2].text().expose());
    assert_eq!(store.pending("f").unwrap().unwrap().state(), PendingEnrollment::CertificateIssued);
    store.reserve(|| Ok(())).unwrap().forget_key();
    assert_eq!(taken().key.text().expose(), keys[1].text().expose());
    store.reserve(|| Ok(())).unwrap().forget_key();
    assert_eq!(taken().key.text().expose(), keys[0].text().expose(), "the oldest of those that came as far");
}

#[test]
fn a_file_that_appears_during_an_enrollment_is_not_replaced_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (store, key) = (Store::file(target(&folder)), new_key());
    let place = store.reserve(|| Ok(())).unwrap();
    place.keep_key(&pending(&key)).unwrap();
    fs::write(target(&folder), "of somebody else").unwrap();
    let error = place.fill(&usual(), Duration::ZERO).unwrap_err();
    assert!(matches!(error, Error::Storage { .. }), "{error:?}");
    assert!(error.to_string().contains("the token is spent"), "{error}");
    assert_eq!(fs::read(target(&folder)).unwrap(), b"of somebody else");
    assert_eq!(names(folder.path()), ["alice.json", "alice.json.lock", "alice.json.pending"]);
}

#[test]
fn a_pending_key_is_kept_until_it_is_forgotten_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::file(target(&folder));
    let keys: Vec<_> = (0..3).map(|_| new_key()).collect();
    for (index, key) in keys.iter().enumerate() {
        let place = store.reserve(|| Ok(())).unwrap();
        let own = PendingKey::new(key.clone(), format!("csr {index}"));
        place.keep_key(&Pending::new(format!("f{index}"), Some(own), None)).unwrap();
    }
    for (suffix, index) in [(".1", 0), (".2", 1), ("", 2)] {
        let path = folder.path().join(format!("alice.json.pending{suffix}"));
        let json: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(json["key"], keys[index].text().expose());
        assert_eq!(json["csr"], format!("csr {index}"));
        assert_eq!(json["token"], format!("f{index}"));
    }
    for _ in 0..2 {
        store.reserve(|| Ok(())).unwrap().forget_key();
        let left = ["alice.json.lock", "alice.json.pending.1", "alice.json.pending.2"];
        assert_eq!(names(folder.path()), left);
    }
}

#[test]
fn a_key_that_a_newer_version_keeps_is_told_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = folder.path().join("alice.json.pending");
    let text = r#"{"version":2,"token":"f","key":"sealed"}"#;
    fs::write(&sidecar, text).unwrap();
    let store = Store::file(target(&folder));
    let place = store.reserve(|| Ok(())).unwrap();
    for error in [place.take_up("f").err(), place.take_up("another").err(), store.pending("f").err()] {
        let message = error.unwrap().to_string();
        assert!(message.contains("alice.json.pending: a newer version of this library"), "{message}");
    }
    assert_eq!(fs::read_to_string(&sidecar).unwrap(), text);
}

#[test]
fn too_many_unfinished_enrollments_are_an_error_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = folder.path().join("alice.json.pending");
    fs::write(&sidecar, "first").unwrap();
    for number in 1..=100 {
        fs::write(folder.path().join(format!("alice.json.pending.{number}")), "kept").unwrap();
    }
    let key = new_key();
    let store = Store::file(target(&folder));
    let message = store.reserve(|| Ok(())).unwrap().keep_key(&pending(&key)).unwrap_err().to_string();
    assert!(message.contains("100 keys of enrollments that were never finished"), "{message}");
    assert_eq!(fs::read(sidecar).unwrap(), b"first");
}

#[test]
fn a_hook_is_given_the_text_and_the_time_that_is_left_and_its_error_is_told() {
    let seen = Arc::new(Mutex::new(None));
    let copy = seen.clone();
    let store = Store::hook(move |text, left| {
        *copy.lock().unwrap() = Some((text.expose().to_owned(), left));
        Ok(())
    });
    let place = store.reserve(|| Ok(())).unwrap();
    place.keep_key(&pending(&new_key())).unwrap();
    place.forget_key();
    assert!(seen.lock().unwrap().is_none() && store.path().is_none());
    let left = Duration::from_millis(1234);
    place.fill(&usual(), left).unwrap();
    assert_eq!(seen.lock().unwrap().take(), Some((usual().to_json().expose().to_owned(), left)));
    let sealed = Store::hook(|_, _| Err("vault is sealed".to_owned()));
    let error = sealed.reserve(|| Ok(())).unwrap().fill(&usual(), left).unwrap_err();
    assert!(matches!(error, Error::Identity(_)), "{error:?}");
    assert_eq!(error.to_string(), "the token is spent, but the save hook failed: vault is sealed");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn new_files_are_for_the_owner_only_whatever_the_umask() {
        const CHILD: &str = "ZITI_EDGE_CLIENT_TEST_UMASK";
        if std::env::var_os(CHILD).is_none() {
            for umask in ["000", "077", "777"] {
                let run = format!("umask {umask}; exec \"$0\" --exact \"$1\"");
                let test = "identity::tests::store::unix::new_files_are_for_the_owner_only_whatever_the_umask";
                let mut child = std::process::Command::new("sh");
                child.args(["-c", &run, std::env::current_exe().unwrap().to_str().unwrap(), test]).env(CHILD, "1");
                let output = child.output().unwrap();
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success() && text.contains("1 passed"), "{umask}: {text}");
            }
            return;
        }
        // The folder's mode suffers from the umask too.
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let store = Store::file(target(&folder));
        let place = store.reserve(|| Ok(())).unwrap();
        place.keep_key(&pending(&new_key())).unwrap();
        drop(place);
        usual().save(target(&folder)).unwrap();
        for name in ["alice.json", "alice.json.pending"] {
            assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
        }
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_owner_and_group() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(target(&folder), "old").unwrap();
        // Only the superuser may give files away; anybody else keeps their own.
        let given_away = chown(target(&folder), Some(12_345), Some(23_456)).is_ok();
        let before = fs::metadata(target(&folder)).unwrap();
        assert_eq!(given_away, (before.uid(), before.gid()) == (12_345, 23_456));
        for bits in [0o640, 0o400] {
            fs::set_permissions(target(&folder), fs::Permissions::from_mode(bits)).unwrap();
            usual().save(target(&folder)).unwrap();
            let after = fs::metadata(target(&folder)).unwrap();
            assert_eq!((after.uid(), after.gid(), mode(&target(&folder))), (before.uid(), before.gid(), bits));
        }
        // Its owner can lock it later.
        let lock = fs::metadata(folder.path().join("alice.json.lock")).unwrap();
        assert_eq!((lock.uid(), lock.mode() & 0o777), (before.uid(), 0o600));
    }

    #[test]
    fn symlinks_are_read_through_but_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), target(&folder));
        fs::write(&real, usual_json()).unwrap();
        symlink(&real, &link).unwrap();
        Identity::load(&link).unwrap();
        let error = usual().save(&link).unwrap_err();
        assert!(error.to_string().contains("alice.json: is a symbolic link"), "{error}");
        assert!(Store::file(&link).reserve(|| Ok(())).is_err());
        assert_eq!(fs::read_to_string(&real).unwrap(), usual_json());
        symlink(&real, folder.path().join("bob.json.lock")).unwrap();
        let error = usual().save(folder.path().join("bob.json")).unwrap_err();
        assert!(error.to_string().contains("bob.json.lock: lock: "), "{error}");
    }

    #[test]
    fn a_lock_that_is_another_file_by_a_second_name_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "x").unwrap();
        fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
        fs::hard_link(&other, folder.path().join("alice.json.lock")).unwrap();
        let error = usual().save(target(&folder)).unwrap_err();
        assert!(error.to_string().contains("alice.json.lock: lock: is not a file of its own"), "{error}");
        assert_eq!(mode(&other), 0o644);
    }
}
