//! The state of a CRM, and which operation does what.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::UNKNOWN_ERROR;
use crate::http::{Answer, Request};
use crate::login::{Session, User, users};
use crate::modules::Module;

/// Which of the two observed instances it is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// F-RevoCRM 8.0.3: shows the errors of PHP, and pages have 1,000 rows at most.
    A,
    /// vtiger 8.0.0: an error of PHP is status 500 without a body, and pages have 100 rows at most.
    B,
}

/// A record.
#[derive(Debug, Clone)]
pub struct Record {
    pub module: &'static str,
    /// By their names, each as the text that answers hold.
    pub fields: BTreeMap<&'static str, String>,
    /// As it was made: what it was called when it was created stays in `label`.
    pub label: String,
}

/// The state.
pub struct Crm {
    pub variant: Variant,
    pub(crate) users: Vec<User>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) records: BTreeMap<u64, Record>,
    pub(crate) last: u64,
    pub(crate) numbers: HashMap<&'static str, u64>,
    /// Module and field of which no two records have one value.
    pub(crate) unique: HashSet<(String, String)>,
    /// Modules that nobody may use.
    pub(crate) denied: HashSet<String>,
    /// What `describe` tells otherwise, by module and field; none = it tells nothing of the field.
    pub(crate) told: HashMap<(String, String), Option<Value>>,
    /// Whether it says of an inactive user what is wrong, as version 6 and coreBOS do. Later ones name the key.
    pub(crate) tells_inactive: bool,
    pub(crate) zero_id: bool,
    /// The records that were written under the number 0: each takes the place of the one before.
    pub(crate) zeros: Vec<Record>,
    is_down: bool,
    /// Seconds by which the clock is ahead.
    pub(crate) ahead: i64,
    words: u64,
}

impl Crm {
    pub(crate) fn new(variant: Variant) -> Self {
        Self {
            variant,
            users: users(),
            sessions: HashMap::new(),
            records: BTreeMap::new(),
            last: 1,
            numbers: HashMap::new(),
            unique: HashSet::new(),
            denied: HashSet::new(),
            told: HashMap::new(),
            tells_inactive: false,
            zero_id: false,
            zeros: Vec::new(),
            is_down: false,
            ahead: 0,
            words: 0,
        }
    }

    /// Whether the database is away.
    pub fn set_down(&mut self, is_down: bool) {
        self.is_down = is_down;
    }

    /// Prevents duplicates of a field.
    pub fn make_unique(&mut self, module: &str, field: &str) {
        self.unique.insert((module.to_owned(), field.to_owned()));
    }

    /// Takes a module from all users.
    pub fn deny(&mut self, module: &str) {
        self.denied.insert(module.to_owned());
    }

    /// Lets `describe` tell something else of a field, key by key, or nothing at all.
    pub fn tell(&mut self, module: &str, field: &str, change: Option<Value>) {
        self.told.insert((module.to_owned(), field.to_owned()), change);
    }

    /// Lets it say of an inactive user that he is.
    pub fn tell_inactive(&mut self) {
        self.tells_inactive = true;
    }

    /// Sets the clock ahead.
    pub fn set_clock_ahead(&mut self, seconds: i64) {
        self.ahead = seconds;
    }

    /// Sets the number of the last record.
    pub fn set_last(&mut self, last: u64) {
        self.last = last;
    }

    /// Adds a record as a person does it in the CRM; its number.
    pub fn add(&mut self, module: &str, fields: &[(&str, &str)]) -> u64 {
        let element: Map<String, Value> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let module = self.module(module).unwrap();
        self.insert(module, &element, 1)
    }

    /// Removes a record as a person does it in the CRM.
    pub fn remove(&mut self, number: u64) {
        self.records.remove(&number).unwrap();
    }

    /// The records of a module, with their ids.
    pub fn all(&self, module: &str) -> Vec<Value> {
        let module = self.module(module).unwrap();
        let of = self.records.iter().filter(|(_, record)| record.module == module.name);
        of.map(|(number, record)| self.shown(module, *number, record)).collect()
    }

    /// The records that were ever written under the number 0.
    pub fn zeros(&self) -> &[Record] {
        &self.zeros
    }

    pub(crate) fn module(&self, name: &str) -> Option<Module> {
        Module::find(name, self.variant).filter(|module| !self.denied.contains(module.name))
    }

    pub(crate) fn now(&self) -> i64 {
        Timestamp::now().as_second() + self.ahead
    }

    /// The time in the zone of the server, without its offset.
    pub(crate) fn time(&self) -> String {
        let zone = if self.variant == Variant::A { "Asia/Tokyo" } else { "UTC" };
        let zone = TimeZone::get(zone).unwrap();
        zone.to_datetime(Timestamp::from_second(self.now()).unwrap()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// So many hexadecimal digits that nobody had before.
    pub(crate) fn word(&mut self, length: usize) -> String {
        self.words += 1;
        let word = format!("{:x}{:08x}{:x}", self.words, self.now(), self.words.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        word.chars().chain("0".repeat(length).chars()).take(length).collect()
    }

    /// How PHP fails.
    pub(crate) fn broken(&self) -> Answer {
        match self.variant {
            Variant::A => {
                Answer::html("<br />\n<b>Fatal error</b>:  Uncaught TypeError in <b>/crm</b> on line <b>1</b><br />\n")
            }
            Variant::B => Answer::empty(),
        }
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        if self.is_down {
            return self.broken();
        }
        match request.operation().as_str() {
            "getchallenge" => return self.challenge(request),
            "login" => return self.login(request),
            _ => {}
        }
        let operation = request.operation();
        if !OPERATIONS.contains(&operation.as_str()) {
            return self.broken();
        }
        if !["", "json"].contains(&request.asked("format")) {
            return if self.variant == Variant::A {
                Answer::html_as_json(200, "<b>Fatal error</b>")
            } else {
                Answer::html_as_json(500, "")
            };
        }
        let session = request.session();
        if session.is_empty() {
            return Answer::error("AUTHENTICATION_REQUIRED", "Authencation required");
        }
        let Some(user) = self.sessions.get(&session).map(|session| session.user) else {
            return Answer::error("INVALID_SESSIONID", "Session Identifier provided is Invalid");
        };
        match operation.as_str() {
            "listtypes" => self.types(),
            "describe" => self.describe(request),
            "create" => self.create(request, user),
            "retrieve" => self.retrieve(request),
            "revise" => self.revise(request, user),
            "update" => self.update(request, user),
            "delete" => self.delete(request),
            "query" => self.query(request.asked("query")),
            "logout" => self.logout(request),
            _ => Answer::error("INTERNAL_SERVER_ERROR", UNKNOWN_ERROR),
        }
    }
}

const OPERATIONS: [&str; 9] =
    ["listtypes", "describe", "create", "retrieve", "revise", "update", "delete", "query", "logout"];
