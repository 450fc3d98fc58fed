//! The README's five minutes, run to the letter: each console block of that section is typed at a terminal, in order,
//! against `postern serve --demo` in which the quickstart has made its first lead. Case K8.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::DEMO_FOLDER;
use crate::harness::servers::{Servers, setting};
use crate::harness::{TOKEN, eventually};
use crate::standalone::Standalone;

/// The public listener in the README.
const PUBLIC: &str = "127.0.0.1:8080";

/// What differs each time: in a shape `x` is a hexadecimal digit, `d` a decimal one, everything else itself.
const VOLATILE: [(&str, &str); 5] = [
    ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "<id>"),
    ("dddd-dd-ddTdd:dd:dd.dddZ", "<time>"),
    ("dd.dd.dddd", "<day>"),
    ("ds ago", "<ago>"),
    (", dd ddd dddd dd:dd:dd GMT", "<date>"),
];

/// One line that a person types, and what is shown then.
struct Step {
    command: String,
    shown: String,
}

/// The steps of the console blocks of a section.
fn steps(section: &str) -> Vec<Step> {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let section = readme.split("\n## ").find(|text| text.lines().next() == Some(section)).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        let mut is_command = false;
        for line in block.split("```").next().unwrap().lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_owned(), shown: String::new() });
                is_command = true;
            } else if is_command {
                steps.last_mut().unwrap().command += &format!("\n{line}");
            } else {
                steps.last_mut().unwrap().shown += &format!("{line}\n");
            }
            is_command = is_command && line.ends_with('\\');
        }
    }
    steps
}

fn has_shape(text: &[u8], shape: &str) -> bool {
    let fits = |(byte, wanted): (&u8, u8)| match wanted {
        b'x' => byte.is_ascii_hexdigit(),
        b'd' => byte.is_ascii_alphanumeric(),
        wanted => *byte == wanted,
    };
    text.len() >= shape.len() && text.iter().zip(shape.bytes()).all(fits)
}

/// The text with words for what differs each time, and its ids. Tables are as wide as what stands in them, so several
/// blanks are as one.
fn lasting(text: &str) -> (String, Vec<String>) {
    let (mut lasting, mut ids, mut left) = (String::new(), Vec::new(), text);
    while let Some(first) = left.chars().next() {
        let found = VOLATILE.iter().find(|(shape, _)| has_shape(left.as_bytes(), shape));
        match found {
            Some((shape, word)) => {
                if *word == "<id>" {
                    ids.push(left[..shape.len()].to_owned());
                }
                // The digits before the last one, and the name of the day.
                let before = lasting.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
                if matches!(*word, "<ago>" | "<date>") {
                    lasting.truncate(before);
                }
                lasting += word;
                left = &left[shape.len()..];
            }
            None => {
                lasting.push(first);
                left = &left[first.len_utf8()..];
            }
        }
    }
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    (lasting.trim_end().lines().map(line).collect::<Vec<_>>().join("\n"), ids)
}

/// What a terminal of 120 columns shows of a command.
fn typed(command: &str, folder: &Path, environment: &[(&str, &str)]) -> String {
    fs::write(folder.join("typed.sh"), command).unwrap();
    let mut terminal = Command::new("script");
    terminal.args(["-qec", "stty cols 120 rows 50; bash typed.sh", "/dev/null"]).current_dir(folder);
    terminal.env("NO_COLOR", "1").env("TERM", "xterm").envs(environment.iter().copied()).stdin(Stdio::null());
    unstyled(&String::from_utf8(terminal.output().unwrap().stdout).unwrap().replace('\r', ""))
}

/// A text without bold letters and links, which curl writes to a terminal.
fn unstyled(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let end = match part.chars().next() {
            // The select-graphic-rendition and the end of a link.
            Some('[') => part.find('m').map(|at| at + 1),
            Some('\\') => Some(1),
            // A link begins or ends: its address is not shown.
            _ => Some(part.len()),
        };
        plain += &part[end.unwrap_or(part.len())..];
    }
    plain
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_minutes_of_the_readme_are_shown_to_the_letter() {
    let servers = Servers::new().await;
    let mut standalone = Standalone::on_with(&servers, &[]).await;
    let first = "firstname=Ada&lastname=Lovelace&street=St+James+12&email=ada@example.org";
    assert_eq!(standalone.post_to("/trigger?workflow_trigger=web_lead", first).await.status, 202);
    eventually("the quickstart's lead is a record", async || {
        (standalone.count("SELECT count(*) FROM records").await == 1).then_some(())
    })
    .await;

    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("deploy/demo");
    fs::create_dir_all(&demo).unwrap();
    for file in fs::read_dir(DEMO_FOLDER).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), demo.join(file.file_name())).unwrap();
    }
    let (public, programs) = (standalone.public.to_string(), setting("POSTERN_BIN_DIR"));
    let control = standalone.process.address("the private listener is open: the control panel").await;
    let (url, path) = (format!("http://{control}"), format!("{programs}:/usr/local/bin:/usr/bin:/bin"));
    let environment = [("PATH", path.as_str()), ("POSTERN_URL", &url), ("POSTERN_API_TOKEN", TOKEN)];

    let steps = steps("Five minutes");
    assert!(steps.len() >= 5, "only {} commands were found", steps.len());
    let mut ids: HashMap<String, String> = HashMap::new();
    for step in steps {
        let mut command = step.command.replace(PUBLIC, &public);
        for (written, meant) in &ids {
            command = command.replace(written, meant);
        }
        let shown = typed(&command, folder.path(), &environment).replace(&public, PUBLIC);
        let ((shown, those_shown), (expected, those_written)) = (lasting(&shown), lasting(&step.shown));
        assert_eq!(shown, expected, "{command}");
        ids.extend(those_written.into_iter().zip(those_shown));
        // A person is slower than the worker, which takes a moment to follow the settings.
        let version = standalone.count("SELECT version FROM settings").await;
        eventually("the worker follows the settings", async || {
            let log = standalone.process.log();
            let is_it = |line: &str| {
                line.contains("the catalog was loaded") && line.contains(&format!("\"settings.version\":{version},"))
            };
            log.lines().any(is_it).then_some(())
        })
        .await;
    }
}
