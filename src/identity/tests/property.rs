use super::*;
use proptest::prelude::*;
use proptest::test_runner::Config;
use std::fs;

/// Any JSON, as text, with white space that only a raw copy keeps.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,3})?(e[0-9]{1,3})?",
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let members: Vec<_> = items.iter().enumerate().map(|(n, item)| format!("\"m{n}\" :{item}")).collect();
                format!("{{ {}\n}}", members.join(","))
            }),
        ]
    })
}

/// The text of a member of `id`, in one of its forms; files are in the folder of the identity.
fn any_form(name: &'static str, pem: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        Just(format!("pem:{pem}")),
        Just(format!("pem://{}", pem.replace('\n', "\r\n"))),
        Just(pem.to_owned()),
        Just(format!("file:{name}.pem")),
        Just(format!("file://./{name}.pem")),
        Just(format!("{name}.pem")),
    ]
    .prop_map(|text| serde_json::Value::from(text).to_string())
}

/// An identity file and the members in it that are not known.
fn any_file() -> impl Strategy<Value = (String, Vec<(String, String)>)> {
    let papers = papers();
    let id = (any_form("key", &papers.key), any_form("cert", &papers.cert), any_form("ca", &papers.ca), any_json())
        .prop_map(|(key, cert, ca, more)| format!(r#"{{"x":{more},"ca":{ca},"cert":{cert},"key":{key}}}"#));
    let unknown = prop::collection::btree_map("[a-y]{1,8} ?", any_json(), 0..4);
    (id, unknown, any::<bool>()).prop_flat_map(|(id, unknown, many)| {
        let unknown: Vec<_> = unknown.into_iter().filter(|(name, _)| name != "id").collect();
        let mut members = vec![
            (r#""ztAPI""#.to_owned(), r#""https://a.test:1280/edge/client/v1""#.to_owned()),
            (r#""id""#.to_owned(), id),
        ];
        if many {
            members.push((r#""ztAPIs""#.to_owned(), r#"["https://b.test", "https://a.test:1280"]"#.to_owned()));
        }
        members.extend(unknown.iter().map(|(name, json)| (format!("{name:?}"), json.clone())));
        Just(members).prop_shuffle().prop_map(move |members| {
            let members: Vec<_> = members.iter().map(|(name, json)| format!("{name}: {json}")).collect();
            (format!("{{\r\n\t{}}}", members.join(",\n")), unknown.clone())
        })
    })
}

/// A folder in memory where there is such a thing: a thousand files need no disk to be durable on.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn same(left: &Identity, right: &Identity) {
    assert_eq!(left.to_json().expose(), right.to_json().expose());
    assert_eq!(left.controller_urls(), right.controller_urls());
    assert_eq!(left.leaf(), right.leaf());
    assert_eq!(left.ca().unwrap().certificates(), right.ca().unwrap().certificates());
}

proptest! {
    #![proptest_config(Config { cases: 1000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn loading_what_was_saved_gives_the_same_identity((file, unknown) in any_file()) {
        let (home, abroad) = (folder(), folder());
        for (name, pem) in [("key", &papers().key), ("cert", &papers().cert), ("ca", &papers().ca)] {
            fs::write(home.path().join(format!("{name}.pem")), pem).unwrap();
        }
        fs::write(home.path().join("a.json"), &file).unwrap();
        let loaded = Identity::load(home.path().join("a.json")).unwrap();

        for target in [home.path().join("b.json"), abroad.path().join("b.json")] {
            loaded.save(&target).unwrap();
            let text = fs::read_to_string(&target).unwrap();
            for (name, json) in &unknown {
                prop_assert!(text.contains(&format!("{name:?}: {json}")), "{name} of {text}");
            }
            same(&loaded, &Identity::load(&target).unwrap());
        }
        loaded.save(home.path().join("a.json")).unwrap();
        let kept = fs::read_to_string(home.path().join("a.json")).unwrap();
        prop_assert_eq!(file.matches(".pem\"").count(), kept.matches(".pem\"").count());
    }
}
