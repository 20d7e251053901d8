//! The filter language as far as clients of this step speak it: comparisons of fields joined by `and`, `or` and `not`,
//! then `sort by`, `skip` and `limit`.

use serde_json::Value;

/// Rows of one kind, as filters and sorting see them.
pub(crate) trait Listed {
    /// What `meta.filterableFields` lists.
    const FIELDS: &'static [&'static str];
    /// Those of them that hold several values.
    const SETS: &'static [&'static str] = &[];

    /// The value of a field; null is one that the row does not have.
    fn value(&self, field: &str) -> Value;

    /// The values of a set.
    fn values(&self, _set: &str) -> Vec<Value> {
        Vec::new()
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Constant(bool),
    Compare { field: String, any: bool, operator: Operator, value: Value },
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Equals,
    Differs,
    Contains,
    Less,
    Greater,
}

/// How many rows a filter wants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    None,
    Rows(i64),
}

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    expression: Expression,
    pub(crate) sort: Vec<(String, bool)>,
    pub(crate) skip: Option<i64>,
    pub(crate) limit: Option<Limit>,
}

impl Filter {
    /// Parses `text` for rows of kind `T`; the error is the controller's message.
    pub(crate) fn parse<T: Listed>(text: &str) -> Result<Self, String> {
        let end = text.chars().count();
        let mut parser = Parser { tokens: tokens(text)?, at: 0, end, fields: T::FIELDS, sets: T::SETS };
        let mut filter = Self { expression: Expression::Constant(true), sort: Vec::new(), skip: None, limit: None };
        if parser.peek().is_some_and(|token| !["sort", "skip", "limit"].contains(&token)) {
            filter.expression = parser.or()?;
        }
        if parser.take("sort") {
            parser.expect("by")?;
            filter.sort = parser.sort()?;
        }
        if parser.take("skip") {
            filter.skip = Some(parser.number()?);
        }
        if parser.take("limit") {
            filter.limit = Some(if parser.take("none") { Limit::None } else { Limit::Rows(parser.number()?) });
        }
        if parser.peek().is_some() { Err(parser.unexpected()) } else { Ok(filter) }
    }

    pub(crate) fn matches(&self, row: &impl Listed) -> bool {
        matches(&self.expression, row)
    }
}

fn matches(expression: &Expression, row: &impl Listed) -> bool {
    match expression {
        Expression::Constant(constant) => *constant,
        Expression::Not(inner) => !matches(inner, row),
        Expression::And(left, right) => matches(left, row) && matches(right, row),
        Expression::Or(left, right) => matches(left, row) || matches(right, row),
        Expression::Compare { field, any: true, operator, value } => {
            row.values(field).iter().any(|found| compare(found, *operator, value))
        }
        Expression::Compare { field, operator, value, .. } => compare(&row.value(field), *operator, value),
    }
}

fn compare(found: &Value, operator: Operator, wanted: &Value) -> bool {
    let texts = found.as_str().zip(wanted.as_str());
    let numbers = found.as_f64().zip(wanted.as_f64());
    match operator {
        Operator::Equals => found == wanted,
        Operator::Differs => found != wanted,
        Operator::Contains => texts.is_some_and(|(found, wanted)| found.contains(wanted)),
        Operator::Less => {
            texts.is_some_and(|(found, wanted)| found < wanted) || numbers.is_some_and(|(found, wanted)| found < wanted)
        }
        Operator::Greater => {
            texts.is_some_and(|(found, wanted)| found > wanted) || numbers.is_some_and(|(found, wanted)| found > wanted)
        }
    }
}

struct Token {
    text: String,
    /// A literal in quotes: never a keyword or a field.
    quoted: bool,
    column: usize,
}

fn unexpected(symbol: &str, column: usize) -> String {
    format!("Unexpected symbol: \"{symbol}\" at line: 1 column: {column}. line: 1, column: {column}, symbol: {symbol}")
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let column = at;
        at += 1;
        match letter {
            letter if letter.is_whitespace() => continue,
            '"' => {
                let start = at;
                loop {
                    match letters.get(at) {
                        None => return Err(unexpected("<EOF>", letters.len())),
                        Some('"') => break,
                        Some('\\') => at += 2,
                        Some(_) => at += 1,
                    }
                }
                let text = unescaped(letters[start..at].iter().collect());
                at += 1;
                tokens.push(Token { text, quoted: true, column });
            }
            '(' | ')' | ',' | '=' => tokens.push(Token { text: letter.to_string(), quoted: false, column }),
            '!' | '<' | '>' => {
                let equals = letters.get(at) == Some(&'=');
                at += usize::from(equals);
                let text = letters[column..at].iter().collect();
                tokens.push(Token { text, quoted: false, column });
            }
            _ => {
                let word = |letter: &&char| letter.is_alphanumeric() || "._-:".contains(**letter);
                at += letters[at..].iter().take_while(word).count();
                tokens.push(Token { text: letters[column..at].iter().collect(), quoted: false, column });
            }
        }
    }
    Ok(tokens)
}

/// What a literal means. Real controllers take all escapes of one kind off before they look for the next kind, so two
/// backslashes and an `n` are a line feed, too.
fn unescaped(literal: String) -> String {
    const STEPS: [(&str, &str); 7] =
        [(r"\\", r"\"), ("\\\"", "\""), (r"\f", "\u{c}"), (r"\n", "\n"), (r"\r", "\r"), (r"\t", "\t"), (r"\\", r"\")];
    STEPS.into_iter().fold(literal, |text, (escape, meant)| text.replace(escape, meant))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    fields: &'static [&'static str],
    sets: &'static [&'static str],
}

impl Parser {
    /// The next token, unless it is a literal or there is none.
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(|token| if token.quoted { "\"" } else { token.text.as_str() })
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.take(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> String {
        match self.tokens.get(self.at) {
            Some(token) => unexpected(&token.text, token.column),
            None => unexpected("<EOF>", self.end),
        }
    }

    fn or(&mut self) -> Result<Expression, String> {
        let mut left = self.and()?;
        while self.take("or") {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut left = self.unary()?;
        while self.take("and") {
            left = Expression::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.take("not") {
            return Ok(Expression::Not(Box::new(self.unary()?)));
        }
        if self.take("(") {
            let inner = self.or()?;
            self.expect(")")?;
            return Ok(inner);
        }
        for constant in [true, false] {
            if self.take(if constant { "true" } else { "false" }) {
                return Ok(Expression::Constant(constant));
            }
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let any = self.take("anyOf");
        if any {
            self.expect("(")?;
        }
        let field = self.field()?;
        if any {
            self.expect(")")?;
        } else if self.sets.contains(&field.as_str()) {
            return Err(format!("symbol '{field}' is a set symbol but is used in non-set function context"));
        }
        let operator = self.operator()?;
        let value = self.value()?;
        Ok(Expression::Compare { field, any, operator, value })
    }

    fn field(&mut self) -> Result<String, String> {
        let Some(field) = self.peek().filter(|next| next.starts_with(char::is_alphabetic)).map(str::to_owned) else {
            return Err(self.unexpected());
        };
        self.at += 1;
        if self.fields.contains(&field.as_str()) || field.starts_with("tags.") {
            Ok(field)
        } else {
            Err(format!("unknown symbol '{field}'"))
        }
    }

    fn operator(&mut self) -> Result<Operator, String> {
        let operators = [
            ("=", Operator::Equals),
            ("!=", Operator::Differs),
            ("contains", Operator::Contains),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        operators
            .into_iter()
            .find(|(word, _)| self.take(word))
            .map(|(_, operator)| operator)
            .ok_or_else(|| self.unexpected())
    }

    fn value(&mut self) -> Result<Value, String> {
        let Some(token) = self.tokens.get(self.at) else { return Err(self.unexpected()) };
        let value = match token.text.as_str() {
            text if token.quoted => Value::from(text),
            text => serde_json::from_str(text).map_err(|_| self.unexpected())?,
        };
        self.at += 1;
        Ok(value)
    }

    fn sort(&mut self) -> Result<Vec<(String, bool)>, String> {
        let mut keys = Vec::new();
        loop {
            let field = self.field()?;
            let descending = self.take("desc");
            if !descending {
                self.take("asc");
            }
            keys.push((field, descending));
            if !self.take(",") {
                return Ok(keys);
            }
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let number = self.peek().and_then(|text| text.parse().ok()).ok_or_else(|| self.unexpected())?;
        self.at += 1;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes_are_taken_off_kind_by_kind() {
        for (literal, meant) in [
            ("a\\\"b", "a\"b"),
            (r"\\", r"\"),
            (r"\\\\", r"\"),
            (r"\\\\\\\\", r"\\"),
            (r"a\nb", "a\nb"),
            (r"C:\\new", "C:\new"),
            ("\\\\\\\\\\\"", "\\\""),
        ] {
            assert_eq!(unescaped(literal.to_owned()), meant, "{literal}");
        }
    }
}
