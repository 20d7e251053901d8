//! What the sources promise about `unsafe` and about exported functions, looked up in their text.

#[path = "c/support.rs"]
mod support;

use support::rust_files;

/// The only places with `unsafe`: what talks to C, and what talks to the system.
fn may_be_unsafe(path: &str) -> bool {
    path.ends_with("/ffi.rs") || path.starts_with("src/ffi/") || path == "src/transport/platform.rs"
}

/// The lines of a file that are neither comment nor documentation, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines.filter(|(_, line)| !line.starts_with("//"))
}

#[test]
fn unsafe_stands_only_where_it_may() {
    let mut places = 0;
    for (path, text) in rust_files("src") {
        for (line, _) in code(&text).filter(|(_, line)| line.split(|c: char| !is_word(c)).any(|word| word == "unsafe"))
        {
            assert!(may_be_unsafe(&path), "{path}:{line} is unsafe");
            places += 1;
        }
    }
    assert!(places > 50, "only {places} places found: does this test still look at the right files?");
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    for (path, text) in rust_files("src") {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let is_block = line.contains("unsafe {") || line.starts_with("unsafe impl");
            if !is_block || line.starts_with("//") {
                continue;
            }
            // Other code may stand between the two where a statement has several lines.
            let above = &lines[at.saturating_sub(3)..at];
            assert!(above.iter().any(|line| line.starts_with("// SAFETY: ")), "{path}:{}: no SAFETY line", at + 1);
        }
    }
}

#[test]
fn every_lint_that_is_silenced_has_a_reason() {
    for folder in ["src", "tests", "testkit/src"] {
        for (path, text) in rust_files(folder) {
            for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
                for (at, _) in text.match_indices(start) {
                    if text[..at].rsplit('\n').next().is_some_and(|line| !line.trim().is_empty()) {
                        continue; // Within other text, as in the line above this loop.
                    }
                    let attribute = text[at..].split(']').next().unwrap();
                    let line = text[..at].lines().count() + 1;
                    assert!(attribute.contains("reason = \""), "{path}:{line}: no reason");
                }
            }
        }
    }
}

#[test]
fn the_body_of_every_exported_function_is_one_guard() {
    let mut functions = 0;
    for (path, text) in rust_files("src") {
        for (at, _) in text.match_indices("extern \"C\" fn zec_") {
            let function = &text[at..];
            let end = function.find("\n}\n").unwrap_or_else(|| panic!("{path}: a function does not end"));
            let start = function.find("{\n").unwrap();
            let body = function[start + 2..end].trim();
            let inner = body.strip_suffix(';').unwrap_or(body);
            assert!(inner.starts_with("guard(|| ") || inner.starts_with("guard_or("), "{path}: {body}");
            assert_eq!(statements(inner), 1, "{path}: {body}");
            functions += 1;
        }
    }
    assert_eq!(functions, support::exported_functions().len());
}

#[test]
fn without_capi_no_c_face_is_compiled() {
    let mut faces = 0;
    for (path, text) in rust_files("src") {
        let lines: Vec<&str> = text.lines().collect();
        for at in (0..lines.len()).filter(|&at| lines[at].ends_with("mod ffi;")) {
            assert_eq!(lines[at - 1], "#[cfg(feature = \"capi\")]", "{path}:{}", at + 1);
            faces += 1;
        }
    }
    let files = rust_files("src").into_iter().filter(|(path, _)| path.ends_with("/ffi.rs") || path == "src/ffi/mod.rs");
    assert_eq!(faces, files.count());
}

/// How many statements a body has at its outermost level.
fn statements(body: &str) -> usize {
    let mut depth = 0;
    let mut statements = 1;
    for c in body.chars() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            ';' if depth == 0 => statements += 1,
            _ => {}
        }
    }
    statements
}
