//! Reads a query, with the errors of the real grammar.

/// Why a query is not answered.
pub enum Fault {
    /// The lexer gave up.
    Lexer,
    /// This token was not expected.
    Syntax(String),
    /// A column or a module that is not there.
    Denied(String),
}

pub struct Condition {
    /// Whether it stands behind `or`.
    pub or: bool,
    pub field: String,
    pub operator: String,
    pub values: Vec<String>,
}

pub struct Query {
    pub columns: Vec<String>,
    pub module: String,
    pub conditions: Vec<Condition>,
    pub order: Option<(String, bool)>,
    pub limit: Option<(i64, i64)>,
}

/// A token of a query.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
    /// What the lexer cannot read.
    Broken,
}

/// Up to what cannot be read: what stands before that is looked at first.
fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let Some((token, length)) = token(rest) else {
            tokens.push(Token::Broken);
            break;
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// The first token of a text, and its bytes. An empty text in quotes is too much for the real lexer, and so is a dot.
fn token(rest: &str) -> Option<(Token, usize)> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    match rest.chars().next()? {
        '\'' => quoted(rest).filter(|(text, _)| !text.is_empty()).map(|(text, length)| (Token::Text(text), length)),
        '"' => None,
        c if is_word(c) => {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let word = &rest[..length];
            (!word.contains('.')).then(|| (Token::Word(word.to_owned()), length))
        }
        c => {
            let is_long = ["!=", ">=", "<="].iter().any(|sign| rest.starts_with(sign));
            let length = if is_long { 2 } else { c.len_utf8() };
            Some((Token::Sign(rest[..length].to_owned()), length))
        }
    }
}

/// A quoted text, and how many bytes of the query it takes.
fn quoted(rest: &str) -> Option<(String, usize)> {
    let (mut text, mut at) = (String::new(), 1);
    loop {
        let end = at + rest[at..].find('\'')?;
        text += &rest[at..end];
        if !rest[end + 1..].starts_with('\'') {
            return Some((text, end + 1));
        }
        text.push('\'');
        at = end + 2;
    }
}

struct Parser {
    tokens: std::vec::IntoIter<Token>,
}

pub fn parse(text: &str) -> Result<Query, Fault> {
    let mut parser = Parser { tokens: tokens(text).into_iter() };
    parser.keyword("select")?;
    let columns = parser.columns()?;
    let module = parser.word()?;
    let mut query = Query { columns, module, conditions: Vec::new(), order: None, limit: None };
    loop {
        match parser.tokens.next() {
            Some(Token::Sign(sign)) if sign == ";" => break,
            Some(Token::Word(word)) => match word.to_lowercase().as_str() {
                "where" => parser.condition(false, &mut query)?,
                "and" => parser.condition(false, &mut query)?,
                "or" => parser.condition(true, &mut query)?,
                "order" => parser.order(&mut query)?,
                "limit" => parser.limit(&mut query)?,
                _ => return Err(Fault::Syntax(word)),
            },
            other => return Err(unexpected(other)),
        }
    }
    match parser.tokens.next() {
        None => Ok(query),
        other => Err(unexpected(other)),
    }
}

fn unexpected(token: Option<Token>) -> Fault {
    match token {
        Some(Token::Word(text) | Token::Text(text) | Token::Sign(text)) => Fault::Syntax(text),
        Some(Token::Broken) => Fault::Lexer,
        None => Fault::Syntax(String::new()),
    }
}

impl Parser {
    fn keyword(&mut self, word: &str) -> Result<(), Fault> {
        let found = self.word()?;
        if found.eq_ignore_ascii_case(word) { Ok(()) } else { Err(Fault::Syntax(found)) }
    }

    fn word(&mut self) -> Result<String, Fault> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(unexpected(other)),
        }
    }

    /// Up to `from`.
    fn columns(&mut self) -> Result<Vec<String>, Fault> {
        let mut columns = Vec::new();
        loop {
            match self.tokens.next() {
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("from") => return Ok(columns),
                Some(Token::Word(word)) => columns.push(word),
                Some(Token::Sign(sign)) if sign == "*" && columns == ["count"] => columns = vec!["count(*)".to_owned()],
                Some(Token::Sign(sign)) if sign == "*" => columns.push(sign),
                Some(Token::Sign(sign)) if [",", "(", ")"].contains(&sign.as_str()) => {}
                other => return Err(unexpected(other)),
            }
        }
    }

    fn condition(&mut self, or: bool, query: &mut Query) -> Result<(), Fault> {
        let field = self.word()?;
        let operator = match self.tokens.next() {
            Some(Token::Sign(sign)) => sign,
            Some(Token::Word(word)) => word.to_lowercase(),
            other => return Err(unexpected(other)),
        };
        let mut values = Vec::new();
        if operator == "in" {
            loop {
                match self.tokens.next() {
                    Some(Token::Sign(sign)) if sign == ")" => break,
                    Some(Token::Sign(_)) => {}
                    Some(Token::Text(text) | Token::Word(text)) => values.push(text),
                    other => return Err(unexpected(other)),
                }
            }
        } else {
            match self.tokens.next() {
                Some(Token::Text(text) | Token::Word(text)) => values.push(text),
                other => return Err(unexpected(other)),
            }
        }
        query.conditions.push(Condition { or, field, operator, values });
        Ok(())
    }

    fn order(&mut self, query: &mut Query) -> Result<(), Fault> {
        self.keyword("by")?;
        let field = self.word()?;
        let direction = self.tokens.as_slice().first().cloned();
        let is = |word: &str| matches!(&direction, Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        let (down, up) = (is("desc"), is("asc"));
        if down || up {
            self.tokens.next();
        }
        query.order = Some((field, down));
        Ok(())
    }

    fn limit(&mut self, query: &mut Query) -> Result<(), Fault> {
        let first = self.word()?.parse().unwrap_or(0);
        query.limit = Some((0, first));
        if self.tokens.as_slice().first() == Some(&Token::Sign(",".to_owned())) {
            self.tokens.next();
            // Rubbish counts as no limit.
            query.limit = Some((first, self.word()?.parse().unwrap_or(i64::MAX)));
        }
        Ok(())
    }
}
