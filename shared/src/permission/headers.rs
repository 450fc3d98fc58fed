//! The request headers that a permission keeps. Those that hold a secret of the caller are never kept: what is kept is
//! stored with the receipt.

use crate::message::{Message, PermissionFault};

/// The most headers of a permission.
pub const MAX_HEADERS: usize = 20;

/// What stands in the names of headers whose values let somebody in.
const SECRET: [&str; 7] = ["authorization", "cookie", "api-key", "apikey", "token", "secret", "password"];

/// The name of a header in lower case (RFC 9110, 5.1).
pub fn name(text: &str) -> Result<String, Message> {
    let name = text.trim().to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || name.len() > 100 || !name.bytes().all(is_token) {
        let short: String = text.chars().take(60).collect();
        Err(PermissionFault::HeaderNoName { header: format!("{short:?}") }.into())
    } else if SECRET.iter().any(|word| name.contains(word)) {
        Err(PermissionFault::HeaderSecret { header: name }.into())
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_kept_by_its_name_unless_it_holds_a_secret() {
        for (text, expected) in [
            ("X-GitHub-Event", Ok("x-github-event")),
            (" User-Agent ", Ok("user-agent")),
            ("Authorization", Err("authorization holds a secret")),
            ("Cookie", Err("cookie holds a secret")),
            ("X-Gitlab-Token", Err("x-gitlab-token holds a secret")),
            ("X-Api-Key", Err("x-api-key holds a secret")),
            ("apikey", Err("apikey holds a secret")),
            ("X-Hub-Signature-256", Ok("x-hub-signature-256")),
            ("", Err("is not the name")),
            ("a b", Err("is not the name")),
            ("a:", Err("is not the name")),
        ] {
            match (name(text), expected) {
                (Ok(found), Ok(name)) => assert_eq!(found, name),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
