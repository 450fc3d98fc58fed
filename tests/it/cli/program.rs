//! The program as a person calls it, and how it ends.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::servers::setting;
use crate::harness::{Postern, TOKEN};

/// How a command ended.
#[derive(Debug)]
pub struct End {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl End {
    /// What it printed, if it ended well.
    pub fn text(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    /// The JSON values that it printed, one a line.
    pub fn json(self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The program in front of one Postern.
pub struct Cli {
    pub url: String,
    pub token: &'static str,
    pub database_url: String,
}

impl Cli {
    pub fn of(postern: &Postern) -> Self {
        Self { url: format!("http://{}", postern.control()), token: TOKEN, database_url: String::new() }
    }

    /// The program in front of this database, and of no server.
    pub fn on(database_url: &str) -> Self {
        Self { database_url: database_url.to_owned(), ..alone() }
    }

    /// Runs it with these words, divided by blanks.
    pub fn run(&self, words: &str) -> End {
        self.run_with(words, "")
    }

    /// The items of a list, as the API gives them.
    pub fn items(&self, words: &str, name: &str) -> Vec<Value> {
        let answer = self.run(&format!("{words} -o json")).json().remove(0);
        answer[name].as_array().unwrap().clone()
    }

    /// What it prints, byte for byte, if it ends well.
    pub fn bytes(&self, words: &str) -> Vec<u8> {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }

    /// The command with these words, divided by blanks.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(PathBuf::from(setting("POSTERN_BIN_DIR")).join("postern"));
        command.args(words.split(' ')).env("DATABASE_URL", &self.database_url);
        command.env("POSTERN_URL", &self.url).env("POSTERN_API_TOKEN", self.token);
        // No file of the person who runs the tests is read.
        command.env("HOME", "/nowhere").env_remove("XDG_CONFIG_HOME").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs it for a reader of Russian, with a text on its standard input.
    pub fn run_in_russian(&self, words: &str, stdin: &str) -> End {
        let mut command = self.command(words);
        command.env("LC_ALL", "ru_RU.UTF-8");
        ended(command, stdin)
    }

    /// Runs it with a text on its standard input.
    pub fn run_with(&self, words: &str, stdin: &str) -> End {
        ended(self.command(words), stdin)
    }

    /// Runs it with these words, which may hold blanks.
    pub fn arguments(&self, words: &[&str]) -> End {
        let mut command = self.command(words[0]);
        command.args(&words[1..]);
        ended(command, "")
    }
}

fn ended(mut command: Command, stdin: &str) -> End {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    End { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Without a server: no command that is tested with it may need one.
pub fn alone() -> Cli {
    Cli { url: "http://127.0.0.1:1".into(), token: TOKEN, database_url: "postgres://nobody@127.0.0.1:1/nothing".into() }
}
