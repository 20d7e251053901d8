//! Filters in the controller's language, with every value quoted.

mod value;

use std::fmt;

pub use value::FilterValue;
#[cfg(feature = "capi")]
pub(crate) use value::quoted;

use crate::error::{Error, shown};

/// Which rows of a list match.
///
/// Made of comparisons, whose values are quoted so that no value can end its place in the filter, or taken as it is
/// from a text in the controller's language:
///
/// ```
/// use ziti_edge_client::Filter;
///
/// let filter = Filter::name().eq("a\"b").or(Filter::any_of("roleAttributes").eq("web"));
/// assert_eq!(filter.to_string(), r#"name = "a\"b" or anyOf(roleAttributes) = "web""#);
/// let same = Filter::from(r#"name = "a\"b" or anyOf(roleAttributes) = "web""#);
/// ```
///
/// A controller refuses a field that its list cannot be filtered by as [`Error::Api`] with the code `INVALID_FILTER`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use]
pub struct Filter {
    text: String,
    binding: Binding,
    /// Why the filter cannot be sent: the first name or value that does not fit into one.
    problem: Option<String>,
}

/// How tightly the parts of a filter hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Binding {
    /// Text of the caller: nobody knows.
    Unknown,
    Or,
    And,
    Comparison,
}

impl Filter {
    /// Compares the id.
    pub fn id() -> FilterField {
        Self::field("id")
    }

    /// Compares the name.
    pub fn name() -> FilterField {
        Self::field("name")
    }

    /// Compares a field by its name in the API, such as `createdAt`.
    pub fn field(name: &str) -> FilterField {
        FilterField::new(name, name.to_owned())
    }

    /// Compares a tag.
    pub fn tag(name: &str) -> FilterField {
        FilterField::new(name, format!("tags.{name}"))
    }

    /// Matches if one item of a list does, such as of `roleAttributes`.
    pub fn any_of(name: &str) -> FilterField {
        FilterField::new(name, format!("anyOf({name})"))
    }

    /// Matches if every item of a list does.
    pub fn all_of(name: &str) -> FilterField {
        FilterField::new(name, format!("allOf({name})"))
    }

    /// Matches if both do.
    pub fn and(self, other: impl Into<Filter>) -> Self {
        self.join("and", Binding::And, other.into())
    }

    /// Matches if one of both does.
    pub fn or(self, other: impl Into<Filter>) -> Self {
        self.join("or", Binding::Or, other.into())
    }

    /// Matches if this one does not.
    #[expect(clippy::should_implement_trait, reason = "reads like `and` and `or`, which are no operators either")]
    pub fn not(self) -> Self {
        Self { text: format!("not ({})", self.text), binding: Binding::Comparison, ..self }
    }

    fn join(self, word: &str, binding: Binding, other: Self) -> Self {
        let part = |filter: &Self| match filter.binding {
            Binding::Comparison => filter.text.clone(),
            same if same == binding => filter.text.clone(),
            _ => format!("({})", filter.text),
        };
        let text = format!("{} {word} {}", part(&self), part(&other));
        Self { text, binding, problem: self.problem.or(other.problem) }
    }

    /// The filter as it is sent, unless it cannot be one.
    pub(crate) fn checked(&self) -> Result<&str, Error> {
        match &self.problem {
            None => Ok(&self.text),
            Some(problem) => Err(Error::InvalidArgument(problem.clone())),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for Filter {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Filter {
    fn from(text: String) -> Self {
        Self { text, binding: Binding::Unknown, problem: None }
    }
}

/// The left side of a comparison.
#[derive(Debug, Clone)]
#[must_use]
pub struct FilterField {
    text: String,
    problem: Option<String>,
}

impl FilterField {
    fn new(name: &str, text: String) -> Self {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let problem = (name.is_empty() || !name.chars().all(is_letter)).then(|| {
            let name = shown(name);
            format!("filter: {name} is no name of a field; a name has letters, digits, '_', '-' and '.'")
        });
        Self { text, problem }
    }

    /// Is this value.
    pub fn eq(self, value: impl Into<FilterValue>) -> Filter {
        self.compare("=", value)
    }

    /// Is another value.
    pub fn ne(self, value: impl Into<FilterValue>) -> Filter {
        self.compare("!=", value)
    }

    /// Is less than this value.
    pub fn lt(self, value: impl Into<FilterValue>) -> Filter {
        self.compare("<", value)
    }

    /// Is this value or less.
    pub fn le(self, value: impl Into<FilterValue>) -> Filter {
        self.compare("<=", value)
    }

    /// Is more than this value.
    pub fn gt(self, value: impl Into<FilterValue>) -> Filter {
        self.compare(">", value)
    }

    /// Is this value or more.
    pub fn ge(self, value: impl Into<FilterValue>) -> Filter {
        self.compare(">=", value)
    }

    /// Holds this text.
    pub fn contains(self, part: &str) -> Filter {
        self.compare("contains", part)
    }

    /// Holds this text, in large or small letters.
    pub fn contains_ignoring_case(self, part: &str) -> Filter {
        self.compare("icontains", part)
    }

    /// Is one of these values. Without a value nothing matches.
    pub fn one_of<T: Into<FilterValue>>(self, values: impl IntoIterator<Item = T>) -> Filter {
        let mut list = FilterValue::word("");
        for value in values {
            let FilterValue { text, problem } = value.into();
            list.text.push_str(if list.text.is_empty() { "" } else { ", " });
            list.text.push_str(&text);
            list.problem = list.problem.or(problem);
        }
        if list.text.is_empty() {
            return Filter { text: "false".to_owned(), binding: Binding::Comparison, problem: self.problem };
        }
        self.compare("in", FilterValue { text: format!("[{}]", list.text), ..list })
    }

    /// Has no value.
    pub fn is_null(self) -> Filter {
        self.compare("=", FilterValue::word("null"))
    }

    fn compare(self, operator: &str, value: impl Into<FilterValue>) -> Filter {
        let FilterValue { text, problem } = value.into();
        let text = format!("{} {operator} {text}", self.text);
        Filter { text, binding: Binding::Comparison, problem: self.problem.or(problem) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Timestamp;

    #[test]
    fn values_cannot_leave_their_quotes() {
        for (value, expected) in [
            ("web", r#"name = "web""#),
            ("", r#"name = """#),
            ("a\"b", r#"name = "a\"b""#),
            ("\\", r#"name = "\\\\""#),
            ("\" or true limit none", r#"name = "\" or true limit none""#),
            ("\\\" or \"", r#"name = "\\\\\" or \"""#),
            ("a\nb\r\t\u{c}", r#"name = "a\nb\r\t\f""#),
            ("käse", "name = \"käse\""),
        ] {
            assert_eq!(Filter::name().eq(value).to_string(), expected);
        }
    }

    #[test]
    fn a_text_that_no_controller_can_look_for_is_refused_wherever_it_stands() {
        for text in ["C:\\new", "corp\\fred", "a\\\\t", "\\r"] {
            let name = Filter::name;
            for filter in [name().eq(text), name().one_of(["a", text]), name().eq("a").or(name().contains(text).not())]
            {
                let message = filter.checked().unwrap_err().to_string();
                assert!(message.contains("a backslash before f, n, r or t"), "{message}");
            }
        }
    }

    #[test]
    fn every_comparison_has_its_operator() {
        let time = Timestamp::new("2026-11-22T07:13:06Z").unwrap();
        for (filter, expected) in [
            (Filter::id().ne("a"), r#"id != "a""#),
            (Filter::field("createdAt").lt(&time), "createdAt < datetime(2026-11-22T07:13:06Z)"),
            (Filter::field("cost").le(-3), "cost <= -3"),
            (Filter::field("cost").gt(i64::MAX), "cost > 9223372036854775807"),
            (Filter::field("cost").ge(0), "cost >= 0"),
            (Filter::field("cost").eq(u64::MAX), "cost = 18446744073709551615"),
            (Filter::field("cost").ne(7_u32), "cost != 7"),
            (Filter::field("createdAt").gt(time.clone()), "createdAt > datetime(2026-11-22T07:13:06Z)"),
            (Filter::field("isOnline").eq(true), "isOnline = true"),
            (Filter::name().contains("x\""), r#"name contains "x\"""#),
            (Filter::name().contains_ignoring_case("X"), r#"name icontains "X""#),
            (Filter::name().one_of(["a", "b\""]), r#"name in ["a", "b\""]"#),
            (Filter::field("cost").one_of([1, 2]), "cost in [1, 2]"),
            (Filter::name().one_of([""; 0]), "false"),
            (Filter::tag("env").eq("prod".to_owned()), r#"tags.env = "prod""#),
            (Filter::tag("env").is_null(), "tags.env = null"),
            (Filter::all_of("roleAttributes").ne("a"), r#"allOf(roleAttributes) != "a""#),
        ] {
            assert_eq!(filter.checked().unwrap(), expected);
        }
    }

    #[test]
    fn parts_keep_together() {
        let name = |name: &str| Filter::name().eq(name);
        for (filter, expected) in [
            (name("a").or(name("b")).or(name("c")), r#"name = "a" or name = "b" or name = "c""#),
            (name("a").or(name("b")).and(name("c")), r#"(name = "a" or name = "b") and name = "c""#),
            (name("a").or(name("b").and(name("c"))), r#"name = "a" or (name = "b" and name = "c")"#),
            (name("a").and(name("b")).not(), r#"not (name = "a" and name = "b")"#),
            (name("a").not().and("true or false"), r#"not (name = "a") and (true or false)"#),
        ] {
            assert_eq!(filter.to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_name_of_a_field_is_refused_wherever_it_stands() {
        for name in ["", "a b", "a = 1 or b", "a)", "é", "a\""] {
            for filter in [
                Filter::field(name).eq(1),
                Filter::name().eq("a").and(Filter::tag(name).eq("b")),
                Filter::any_of(name).one_of([""; 0]).or("true").not(),
            ] {
                let message = filter.checked().unwrap_err().to_string();
                assert!(message.contains(&format!("{name:?}")), "{message}");
            }
        }
    }
}
