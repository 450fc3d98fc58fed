//! The one router of control, for a table of operations and a table of pages. A fixed word of a path comes before an
//! argument. Each method has paths of its own: `POST /modules/check` does not hide the page of a module named `check`.

use std::fmt;

use warp::http::Method;

/// One row of a table: one method of one path.
pub trait Row: 'static {
    /// The method.
    fn method(&self) -> Method;
    /// The path. A segment in braces is its one argument.
    fn path(&self) -> &'static str;
}

/// The rows of a table, by method and path.
pub struct Router<R: Row> {
    /// In the order in which the methods first stand in the table.
    methods: Vec<(Method, matchit::Router<&'static R>)>,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Found<'p, R: 'static> {
    /// The row of the method, and the argument as it was sent; empty if the row has none.
    Row(&'static R, &'p str),
    /// Rows of these other methods only.
    OtherMethods(Vec<Method>),
    /// Nothing.
    Nothing,
}

impl<R: Row> Router<R> {
    /// Of all rows of a table.
    ///
    /// # Errors
    /// Two rows of one method whose paths cannot be told apart.
    pub fn new(table: &'static [R]) -> Result<Self, matchit::InsertError> {
        let mut methods: Vec<(Method, matchit::Router<&'static R>)> = Vec::new();
        for row in table {
            let method = row.method();
            let at = methods.iter().position(|(known, _)| *known == method).unwrap_or_else(|| {
                methods.push((method, matchit::Router::new()));
                methods.len() - 1
            });
            methods[at].1.insert(template(row.path()), row)?;
        }
        Ok(Self { methods })
    }

    /// What stands at a path for a method.
    pub fn find<'p>(&self, method: &Method, path: &'p str) -> Found<'p, R> {
        let mut others = Vec::new();
        for (known, paths) in &self.methods {
            match paths.at(path) {
                Ok(found) if known == method => {
                    return Found::Row(*found.value, found.params.iter().next().map_or("", |(_, argument)| argument));
                }
                Ok(_) => others.push(known.clone()),
                Err(_) => {}
            }
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
    }
}

impl<R: Row> fmt::Debug for Router<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Router")
    }
}

/// A path whose argument has the one name that all arguments have.
fn template(path: &str) -> String {
    match path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
        Some((before, behind)) => format!("{before}{{argument}}{behind}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(Method, &'static str);

    impl Row for Thing {
        fn method(&self) -> Method {
            self.0.clone()
        }

        fn path(&self) -> &'static str {
            self.1
        }
    }

    static TABLE: [Thing; 5] = [
        Thing(Method::GET, "/things"),
        Thing(Method::GET, "/things/{key}"),
        Thing(Method::PUT, "/things/{key}"),
        Thing(Method::POST, "/things/check"),
        Thing(Method::GET, "/things/{}/versions"),
    ];

    #[test]
    fn a_fixed_word_comes_before_an_argument_which_is_never_empty() {
        let router = Router::new(&TABLE).unwrap();
        for (method, path, expected) in [
            (Method::GET, "/things", "0 "),
            (Method::GET, "/things/a%20b", "1 a%20b"),
            (Method::PUT, "/things/a", "2 a"),
            (Method::POST, "/things/check", "3 "),
            (Method::GET, "/things/check/versions", "4 check"),
            (Method::DELETE, "/things/a", "GET, PUT"),
            (Method::GET, "/things/check", "1 check"),
            (Method::PATCH, "/things/a", "GET, PUT"),
            (Method::GET, "/things/", ""),
            (Method::GET, "/things/a/b", ""),
            (Method::GET, "", ""),
        ] {
            let found = match router.find(&method, path) {
                Found::Row(row, argument) => {
                    let number = TABLE.iter().position(|one| std::ptr::eq(one, row)).unwrap();
                    format!("{number} {argument}")
                }
                Found::OtherMethods(methods) => methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", "),
                Found::Nothing => String::new(),
            };
            assert_eq!(found, expected, "{method} {path}");
        }
    }

    #[test]
    fn two_paths_that_mean_the_same_are_an_error() {
        static SAME: [Thing; 2] = [Thing(Method::GET, "/a/{b}"), Thing(Method::GET, "/a/{c}")];
        assert!(Router::new(&SAME).is_err());
    }
}
