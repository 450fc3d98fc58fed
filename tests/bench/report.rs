//! What came out: a line per figure, JSON, a chart, and the history by which a regression shows.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::Scale;

/// What a figure is to reach.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    AtLeast(f64),
    AtMost(f64),
    /// It stays near to what it is without what is done beside it.
    Near(Beside),
    /// It is only shown.
    Anything,
}

/// So many times as much as without what is done beside it, or this much, whichever is more.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    pub times: f64,
    pub least: f64,
}

/// Measured in turn, one pair a round.
#[derive(Debug, Default)]
pub struct Rounds {
    pub postern: Vec<f64>,
    /// What Postern is compared with.
    pub floor: Vec<f64>,
}

/// One line of the table.
#[derive(Debug)]
pub struct Figure {
    name: String,
    unit: &'static str,
    rounds: Rounds,
    reach: Reach,
}

impl Figure {
    /// What is judged is Postern divided by what it is compared with, round by round.
    pub fn ratio(name: impl Into<String>, unit: &'static str, rounds: Rounds, reach: Reach) -> Self {
        Self { name: name.into(), unit, rounds, reach }
    }

    /// What is judged is the value itself.
    pub fn value(name: impl Into<String>, unit: &'static str, postern: Vec<f64>, reach: Reach) -> Self {
        Self { name: name.into(), unit, rounds: Rounds { postern, floor: Vec::new() }, reach }
    }

    /// What is judged is the value itself, whose limit follows from what is measured without what is done beside it.
    pub fn beside(name: impl Into<String>, unit: &'static str, rounds: Rounds, beside: Beside) -> Self {
        Self { name: name.into(), unit, rounds, reach: Reach::Near(beside) }
    }

    fn is_ratio(&self) -> bool {
        !self.rounds.floor.is_empty() && !matches!(self.reach, Reach::Near(_))
    }

    /// The limit from above, if there is one.
    fn most(&self) -> Option<f64> {
        match self.reach {
            Reach::AtMost(most) => Some(most),
            Reach::Near(Beside { times, least }) => Some((times * median(&self.rounds.floor)).max(least)),
            Reach::AtLeast(_) | Reach::Anything => None,
        }
    }

    fn judged(&self) -> f64 {
        let Rounds { postern, floor } = &self.rounds;
        match self.is_ratio() {
            false => median(postern),
            true => median(&postern.iter().zip(floor).map(|(postern, floor)| postern / floor).collect::<Vec<_>>()),
        }
    }

    fn is_reached(&self) -> Option<bool> {
        match self.reach {
            Reach::AtLeast(least) => Some(self.judged() >= least),
            Reach::AtMost(_) | Reach::Near(_) => self.most().map(|most| self.judged() <= most),
            Reach::Anything => None,
        }
    }

    /// The figure in words; `before` is what was judged in the run before.
    pub fn line(&self, before: Option<f64>) -> String {
        let floor = match self.rounds.floor.as_slice() {
            [] => String::new(),
            floor if !self.is_ratio() => format!("without: {}", short(median(floor))),
            floor => format!("{} ÷ {} =", short(median(&self.rounds.postern)), short(median(floor))),
        };
        let reach = match (self.reach, self.most()) {
            (Reach::AtLeast(least), _) => format!("≥ {}", short(least)),
            (_, Some(most)) => format!("≤ {}", short(most)),
            (_, None) => String::new(),
        };
        let verdict = match self.is_reached() {
            Some(true) => "reached",
            Some(false) => "NOT REACHED",
            None => "",
        };
        let before = before.map_or(String::new(), |before| format!("  (before: {})", short(before)));
        format!(
            "{:<44} {floor:>22} {:>8} {:<8} {reach:<8} {verdict}{before}",
            self.name,
            short(self.judged()),
            if self.is_ratio() { "" } else { self.unit }
        )
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "unit": self.unit, "judged": self.judged(), "reached": self.is_reached(),
            "postern": self.rounds.postern, "floor": self.rounds.floor,
        })
    }
}

/// Prints the table and writes the files.
pub fn write(out: &Path, scale: Scale, figures: &[Figure]) {
    fs::create_dir_all(out).unwrap();
    let history = out.join("history.jsonl");
    let earlier = fs::read_to_string(&history).unwrap_or_default();
    println!("\n{:<44} {:>22} {:>8}", "figure (medians)", "Postern ÷ floor", "");
    for figure in figures {
        println!("{}", figure.line(judged_before(&earlier, &figure.name)));
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let run = json!({
        "at": seconds, "commit": commit(), "cores": std::thread::available_parallelism().unwrap().get(),
        "scale": format!("{scale:?}"), "figures": figures.iter().map(Figure::json).collect::<Vec<_>>(),
    });
    fs::write(out.join("latest.json"), format!("{run:#}\n")).unwrap();
    fs::write(out.join("latest.svg"), chart(figures)).unwrap();
    let mut history = fs::OpenOptions::new().create(true).append(true).open(history).unwrap();
    writeln!(history, "{run}").unwrap();
    println!("written: latest.json, latest.svg, history.jsonl in {}", out.display());
}

/// What was judged of a figure the last time that it was measured.
fn judged_before(history: &str, name: &str) -> Option<f64> {
    history.lines().rev().find_map(|line| {
        let run: Value = serde_json::from_str(line).ok()?;
        run["figures"].as_array()?.iter().find(|figure| figure["name"] == name)?["judged"].as_f64()
    })
}

fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A bar per figure, as long as it is good; the line is what is to be reached.
fn chart(figures: &[Figure]) -> String {
    const ROW: usize = 26;
    const LINE: f64 = 560.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='900' height='{}' font-family='sans-serif' font-size='13'>\n",
        ROW * (figures.len() + 1)
    );
    let mut y = 0;
    for figure in figures {
        let goodness = match (figure.reach, figure.most()) {
            (Reach::AtLeast(least), _) => figure.judged() / least,
            (_, Some(most)) => most / figure.judged(),
            (_, None) => continue,
        };
        let width = (goodness * (LINE - 340.0)).min(550.0);
        let color = if goodness >= 1.0 { "#2e7d4f" } else { "#b3541e" };
        let (text, value) = (y + 17, short(figure.judged()));
        let _ = writeln!(
            svg,
            "<text x='330' y='{text}' text-anchor='end'>{}</text><rect x='340' y='{}' width='{width:.0}' height='18' \
             fill='{color}'/><text x='346' y='{text}' fill='#fff'>{value}</text>",
            figure.name,
            y + 3
        );
        y += ROW;
    }
    let _ = writeln!(svg, "<line x1='{LINE}' x2='{LINE}' y1='0' y2='{y}' stroke='#333' stroke-dasharray='4'/>");
    let _ = writeln!(svg, "<text x='{LINE}' y='{}' text-anchor='middle'>to be reached</text>\n</svg>", y + 17);
    svg
}

fn short(value: f64) -> String {
    match value.abs() {
        1_000.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Values in the order of their size.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    quantile(&sorted(values.iter().copied()), 0.5)
}

/// A quantile of sorted values: the least value that so many do not exceed.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The most memory that a process has held, as Linux counts it (`VmHWM`).
pub fn peak_megabytes(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}
