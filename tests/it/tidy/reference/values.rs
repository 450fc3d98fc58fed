//! The constants of the code with their comments, and what their values are: sums and products of numbers and times.

use super::super::sources::Source;

/// A constant.
#[derive(Debug)]
pub struct Constant {
    pub file: String,
    pub name: String,
    /// Its doc comment.
    pub about: String,
    kind: String,
    value: String,
}

/// All constants of the code.
pub struct Constants {
    pub all: Vec<Constant>,
}

/// A value that can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Number(i128),
    Millis(i128),
}

impl Constants {
    /// In the order of their files.
    pub fn read(sources: &[Source]) -> Self {
        let mut sources: Vec<&Source> = sources.iter().collect();
        sources.sort_by_key(|source| &source.path);
        let all = sources.iter().flat_map(|source| {
            let text = source.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
            declared(&source.path, text)
        });
        Self { all: all.collect() }
    }

    /// The value of a constant, if it is a number, a time, or made of some of these.
    pub fn shown(&self, constant: &Constant) -> Option<String> {
        let Constant { kind, value, .. } = constant;
        let shown = |text: &str, name: &str| {
            let computed = self.compute(text, constant);
            computed.map_or_else(|| format!("`{text}`"), |value| write(value, name))
        };
        let field = |name: &str| {
            let rest = value.split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("no {name} in {value}")).1;
            shown(rest.split([',', '}']).next().unwrap(), "")
        };
        match kind.as_str() {
            "usize" | "u8" | "u16" | "u32" | "u64" | "i16" | "i32" | "i64" | "Duration" => {
                Some(shown(value, &constant.name))
            }
            "Caps" => Some(format!("{}, {} of one address", field("total"), field("per_address"))),
            "Rate" => Some(format!("{} at once, then one each {}", field("burst"), field("each"))),
            "Backoff" => {
                let (first, last) = value.strip_prefix("Backoff::new(")?.strip_suffix("))")?.split_once("), ")?;
                let [first, last] = [first, last].map(|time| shown(&format!("{time})"), ""));
                Some(format!("{first}, doubled up to {last}"))
            }
            "(Duration, Duration)" => {
                let (first, last) = value.strip_prefix('(')?.strip_suffix("))")?.split_once("), ")?;
                let [first, last] = [first, last].map(|time| shown(&format!("{time})"), ""));
                Some(format!("{first}, {last}"))
            }
            _ => None,
        }
    }

    /// Of sums of products: no constant is more.
    fn compute(&self, text: &str, of: &Constant) -> Option<Value> {
        let text = text.trim();
        if text.starts_with("Duration::") {
            return self.factor(text, of);
        }
        let product = |term: &str| {
            let factors = term.split(" * ").map(|factor| self.factor(factor.trim(), of));
            factors.reduce(|left, right| combine(left?, right?, |left, right| left * right)).flatten()
        };
        text.split(" + ")
            .map(product)
            .reduce(|left, right| combine(left?, right?, |left, right| left + right))
            .flatten()
    }

    fn factor(&self, text: &str, of: &Constant) -> Option<Value> {
        let text = text.split(" as ").next()?;
        if let Ok(number) = text.replace('_', "").parse() {
            return Some(Value::Number(number));
        }
        for (call, millis) in [("Duration::from_secs(", 1_000), ("Duration::from_millis(", 1)] {
            if let Some(inner) = text.strip_prefix(call) {
                let Value::Number(number) = self.compute(inner.strip_suffix(')')?, of)? else { return None };
                return Some(Value::Millis(number * millis));
            }
        }
        let (folder, name) = text.rsplit_once("::").unwrap_or(("", text));
        let mut named = self.all.iter().filter(|one| one.name == name);
        let module = folder.rsplit("::").next().unwrap_or_default();
        let in_module = |one: &&Constant| one.file.contains(&format!("/{module}.rs"));
        let meant = match module {
            "" => named.clone().find(|one| one.file == of.file).or_else(|| named.next()),
            _ => named.clone().find(in_module).or_else(|| named.next()),
        };
        self.compute(&meant?.value, meant?)
    }
}

/// Two values of one kind.
fn combine(left: Value, right: Value, how: impl Fn(i128, i128) -> i128) -> Option<Value> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(Value::Number(how(left, right))),
        (Value::Millis(left), Value::Millis(right)) => Some(Value::Millis(how(left, right))),
        _ => None,
    }
}

/// A value for people; the name of a constant tells bytes and seconds from other numbers.
fn write(value: Value, name: &str) -> String {
    let has = |word: &str| name.split('_').any(|part| part == word);
    match value {
        Value::Millis(millis) => time(millis),
        Value::Number(seconds) if name.ends_with("_S") => time(seconds * 1_000),
        Value::Number(bytes) if has("BYTES") => match bytes {
            bytes if bytes > 0 && bytes % (1 << 30) == 0 => format!("{} GiB", bytes >> 30),
            bytes if bytes > 0 && bytes % (1 << 20) == 0 => format!("{} MiB", bytes >> 20),
            bytes if bytes > 0 && bytes % (1 << 10) == 0 => format!("{} KiB", bytes >> 10),
            bytes => format!("{} bytes", grouped(bytes)),
        },
        Value::Number(number) => {
            let unit = ["DAYS", "HOURS", "MINUTES", "WEEKS"].into_iter().find(|unit| has(unit));
            grouped(number) + &unit.map(|unit| format!(" {}", unit.to_lowercase())).unwrap_or_default()
        }
    }
}

fn time(millis: i128) -> String {
    let units = [(86_400_000, "days"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
    let fits = units.iter().find(|(unit, _)| millis % unit == 0 && millis >= *unit || *unit == 1);
    let (unit, name) = fits.unwrap();
    format!("{} {name}", grouped(millis / unit))
}

/// With a comma between thousands.
fn grouped(number: i128) -> String {
    let digits = number.to_string();
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    format!("{sign}{}", groups.join(","))
}

/// The constants of a file.
fn declared(file: &str, text: &str) -> Vec<Constant> {
    let (mut constants, mut about) = (Vec::new(), String::new());
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if let Some(more) = line.strip_prefix("///") {
            about += more;
        } else if let Some((name, rest)) = constant(line) {
            let mut rest = rest.to_owned();
            while !rest.ends_with(';') {
                let Some(more) = lines.next() else { break };
                rest += &format!(" {more}");
            }
            let (kind, value) = rest.split_once(" = ").unwrap_or((&rest, ""));
            let value = value.split("; //").next().unwrap().trim_end_matches(';').trim().to_owned();
            let about = without_links(std::mem::take(&mut about).trim());
            constants.push(Constant {
                file: file.to_owned(),
                name: name.to_owned(),
                about,
                kind: kind.to_owned(),
                value,
            });
        } else if !line.starts_with("#[") {
            about.clear();
        }
    }
    constants
}

/// The name of the constant that a line declares, and what follows.
fn constant(line: &str) -> Option<(&str, &str)> {
    let scoped = || line.strip_prefix("pub(")?.split_once(") ").map(|(_, rest)| rest);
    let line = line.strip_prefix("pub ").or_else(scoped).unwrap_or(line);
    let (name, rest) = line.strip_prefix("const ")?.split_once(": ")?;
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_').then_some((name, rest))
}

/// Links to other items, such as [`super::NAME`], as their names alone.
fn without_links(text: &str) -> String {
    let mut parts = text.split("[`");
    let first = parts.next().unwrap_or_default().to_owned();
    let linked = parts.map(|part| match part.split_once("`]") {
        Some((path, rest)) => format!("`{}`{rest}", path.rsplit("::").next().unwrap_or(path)),
        None => format!("[`{part}"),
    });
    first + &linked.collect::<String>()
}
