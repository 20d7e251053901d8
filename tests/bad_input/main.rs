//! Bad input of every kind: each has an error of its own that names the thing, quickly, and changes nothing.

mod files;
mod papers;
mod targets;
mod tokens;
mod world;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use world::{Case, World};

/// All of them in one test, because no two may have the same message.
#[test]
fn each_bad_input_has_a_clear_error_of_its_own_and_changes_nothing() {
    let world = World::new();
    let mut wrong = Vec::new();
    let mut messages: HashMap<String, &str> = HashMap::new();
    let cases: Vec<&Case> = [tokens::CASES, tokens::ENROLLING, files::CASES, papers::CASES, targets::CASES].concat();
    assert!(cases.len() >= 25, "{}", cases.len());
    for case in &cases {
        let place = world.place();
        let Ok(message) = catch_unwind(AssertUnwindSafe(|| (case.run)(&place))) else {
            wrong.push(format!("{}: see the panic above", case.name));
            continue;
        };
        let missing: Vec<_> = case.says.iter().filter(|word| !message.contains(*word)).collect();
        if !missing.is_empty() {
            wrong.push(format!("{}: {missing:?} is not in: {message}", case.name));
        }
        if message.ends_with('.') || message.chars().next().is_none_or(char::is_uppercase) {
            wrong.push(format!("{}: not in the style of a message: {message}", case.name));
        }
        if message.len() > 700 {
            wrong.push(format!("{}: {} characters are too many: {message}", case.name, message.len()));
        }
        if let Some(other) = messages.insert(message.clone(), case.name) {
            wrong.push(format!("{} and {other} say the same: {message}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
