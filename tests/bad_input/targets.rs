//! Places where no identity can be kept. An enrollment finds that out before it asks anybody.

use std::fs;

use crate::world::{Case, Place};

pub(crate) const CASES: &[&Case] = &[
    &Case {
        name: "to save into a folder that is not there",
        says: &["/folder/nowhere", "open the folder", "No such file"],
        run: |place| place.save(place.path("nowhere/alice.json")),
    },
    &Case {
        name: "to save over a folder",
        says: &["identity file /folder/alice.json", "not a regular file"],
        run: |place| {
            fs::create_dir(place.path("alice.json")).unwrap();
            place.save(place.path("alice.json"))
        },
    },
    #[cfg(unix)]
    &Case {
        name: "to save through a link",
        says: &["identity file /folder/alice.json", "symbolic link"],
        run: |place| {
            std::os::unix::fs::symlink("bob.json", place.path("alice.json")).unwrap();
            place.save(place.path("alice.json"))
        },
    },
    &Case {
        name: "to save as what is no file name",
        says: &["identity file /folder/..", "not the name of a file"],
        run: |place| place.save(place.path("..")),
    },
    &Case {
        name: "to save where a file is the folder",
        says: &["/folder/bob.json", "open the folder", "Not a directory"],
        run: |place| place.save(place.path("bob.json/alice.json")),
    },
    &Case {
        name: "to save where the lock is a folder",
        says: &["/folder/alice.json.lock", "lock"],
        run: |place| {
            fs::create_dir(place.path("alice.json.lock")).unwrap();
            place.save(place.path("alice.json"))
        },
    },
    #[cfg(target_os = "linux")]
    &Case {
        name: "to save where nothing can be written",
        says: &["/proc/alice.json.lock"],
        run: |place| place.save("/proc/alice.json"),
    },
    &Case {
        name: "to save under a name that is too long",
        says: &["aaaa", "name too long"],
        run: |place| place.save(place.path(&"a".repeat(250))),
    },
    &Case {
        name: "to enroll over an identity",
        says: &["identity file /folder/bob.json", "exists already"],
        run: |place| place.enroll_into(&jwt(place), place.path("bob.json")),
    },
    &Case {
        name: "to enroll into a folder that is not there",
        says: &["/folder/nowhere/deeper", "open the folder", "No such file"],
        run: |place| place.enroll_into(&jwt(place), place.path("nowhere/deeper/alice.json")),
    },
    #[cfg(target_os = "linux")]
    &Case {
        name: "to enroll where nothing can be written",
        says: &["/proc/self/alice.json.lock"],
        run: |place| place.enroll_into(&jwt(place), "/proc/self/alice.json"),
    },
    &Case {
        name: "to enroll where the keys of a hundred tries lie",
        says: &["alice.json.pending", "100 keys"],
        run: |place| {
            fs::write(place.path("alice.json.pending"), "{}").unwrap();
            for number in 1..=100 {
                fs::write(place.path(&format!("alice.json.pending.{number}")), "{}").unwrap();
            }
            place.enroll(&jwt(place))
        },
    },
];

fn jwt(place: &Place<'_>) -> String {
    place.world.controller.create_identity("alice")
}
