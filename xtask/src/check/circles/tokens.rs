//! The tokens of a Rust file, without comments, strings and tests. Only what matters for paths is distinguished.

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    /// `::`
    Colons,
    Other(char),
}

impl Token {
    /// The name, or an empty text if it is not a name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            _ => "",
        }
    }
}

/// The tokens before the tests, which are at the end of a file or in other files.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if let Some(after) = after_literal(rest) {
            rest = after;
        } else if let Some(after) = rest.strip_prefix("#[cfg(test)]\n") {
            let item = after.trim_start().trim_start_matches("pub(crate) ");
            if item.starts_with("mod tests {") {
                break;
            }
            // Skip to the end of the item: a module in another file, or an import.
            rest = match item.starts_with("mod ") || item.starts_with("use ") {
                true => after.split_once(';').map_or("", |(_, after)| after),
                false => after,
            };
        } else if let Some(after) = rest.strip_prefix("::") {
            tokens.push(Token::Colons);
            rest = after;
        } else if is_in_name(first) {
            let end = rest.find(|c| !is_in_name(c)).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Other(first));
            }
            rest = after;
        }
    }
    tokens
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text after a comment, a string or a quoted character, if the text begins with one.
fn after_literal(text: &str) -> Option<&str> {
    if text.starts_with("//") {
        return Some(text.split_once('\n').map_or("", |(_, after)| after));
    }
    if let Some(after) = text.strip_prefix("r\"") {
        return Some(after.split_once('"')?.1);
    }
    if let Some(after) = text.strip_prefix("r#\"") {
        return Some(after.split_once("\"#")?.1);
    }
    // A lifetime has no second quote.
    for quoted in ["'\"'", "'\\\"'", "'/'"] {
        if let Some(after) = text.strip_prefix(quoted) {
            return Some(after);
        }
    }
    let mut chars = text.strip_prefix('"')?.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return Some(&text[at + 2..]),
            _ => {}
        }
    }
    None
}
