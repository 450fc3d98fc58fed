//! Challenges, users and sessions. A new challenge of a user takes the place of the one before, so that log-ins of one user
//! at the same time break each other.

use std::sync::Arc;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::ACCESS_KEY;
use crate::crm::{Crm, Variant};
use crate::http::{Answer, Request};

/// How long a challenge lasts, in seconds.
const LIFE: i64 = 300;

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    pub name: &'static str,
    /// The number behind `19x`.
    pub number: u64,
    pub key: String,
    pub is_admin: bool,
    /// A person switched the user off.
    pub is_inactive: bool,
    token: Option<(String, i64)>,
}

/// Somebody who is logged in.
#[derive(Debug)]
pub struct Session {
    pub user: u64,
    /// Held while a call is under way.
    pub lock: Arc<Mutex<()>>,
}

/// The users of a new CRM.
pub fn users() -> Vec<User> {
    let user = |name, number| {
        let (key, is_admin) = (ACCESS_KEY.to_owned(), number == 1);
        User { name, number, key, is_admin, is_inactive: false, token: None }
    };
    vec![user("admin", 1), user("clerk", 5)]
}

impl Crm {
    /// `getchallenge`.
    pub fn challenge(&mut self, request: &Request) -> Answer {
        let session = request.asked("sessionName");
        if !session.is_empty() && !self.sessions.contains_key(session) {
            return Answer::error("INVALID_SESSIONID", "Session Identifier provided is Invalid");
        }
        let (name, token, now) = (request.asked("username").to_lowercase(), self.word(13), self.now());
        if name.is_empty() {
            return Answer::error("ACCESS_DENIED", "No username given");
        }
        let Some(user) = self.users.iter_mut().find(|user| user.name == name) else {
            return Answer::error("ACCESS_DENIED", "username does not exists");
        };
        user.token = Some((token.clone(), now + LIFE));
        Answer::result(&json!({"token": token, "serverTime": now, "expireTime": now + LIFE}))
    }

    /// `login`.
    pub fn login(&mut self, request: &Request) -> Answer {
        let (name, session, now) = (request.posted("username").to_lowercase(), self.word(21), self.now());
        let user = self.users.iter().find(|user| user.name == name);
        let Some((user, (token, _))) = user.and_then(|user| Some((user, user.token.as_ref().filter(|t| t.1 > now)?)))
        else {
            return Answer::error("INVALID_AUTH_TOKEN", "Specified token is invalid or expired");
        };
        if request.posted("accessKey") != hashed(token, &user.key) {
            return Answer::error("INVALID_USER_CREDENTIALS", "Invalid username or password");
        }
        if user.is_inactive {
            return if self.tells_inactive {
                Answer::error("AUTHENTICATION_REQUIRED", "Given user is inactive")
            } else {
                Answer::error("INVALID_USER_CREDENTIALS", "Invalid username or password")
            };
        }
        let result = self.welcome(user, &session);
        self.sessions.insert(session, Session { user: user.number, lock: Arc::default() });
        Answer::result(&result)
    }

    fn welcome(&self, user: &User, session: &str) -> Value {
        let (zone, version) = match self.variant {
            Variant::A => ("Asia/Tokyo", "8.0.2"),
            Variant::B => ("UTC", "8.0.0"),
        };
        json!({
            "username": user.name, "first_name": "", "last_name": "Administrator", "email": "admin@example.com",
            "time_zone": zone, "hour_format": "24", "date_format": "yyyy-mm-dd",
            "is_admin": if user.is_admin { "on" } else { "off" }, "call_duration": "30", "other_event_duration": "30",
            "sessionName": session, "userId": format!("19x{}", user.number), "version": "0.22", "vtigerVersion": version,
        })
    }

    /// `logout`.
    pub fn logout(&mut self, request: &Request) -> Answer {
        if self.variant == Variant::B {
            return Answer::empty();
        }
        if !request.is_post {
            return Answer::error("OPERATION_NOT_SUPPORTED", "Permission to perform the operation is denied");
        }
        self.sessions.remove(&request.session());
        Answer::result(&json!({"message": "successfull"}))
    }

    /// The challenge of a user has expired.
    pub fn expire_challenge(&mut self, name: &str) {
        self.users.iter_mut().filter(|user| user.name == name).for_each(|user| user.token = None);
    }

    /// Switches a user off.
    pub fn switch_off(&mut self, name: &str) {
        self.users.iter_mut().filter(|user| user.name == name).for_each(|user| user.is_inactive = true);
    }

    /// Gives a user another access key; live sessions stay.
    pub fn rotate_key(&mut self, name: &str, key: &str) {
        self.users.iter_mut().filter(|user| user.name == name).for_each(|user| key.clone_into(&mut user.key));
    }

    /// Collects one session.
    pub fn lose_session(&mut self, session: &str) {
        self.sessions.remove(session);
    }

    /// Collects all sessions.
    pub fn lose_sessions(&mut self) {
        self.sessions.clear();
    }

    /// How many are logged in.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// What a call on a session waits for.
    pub fn session_lock(&self, session: &str) -> Option<Arc<Mutex<()>>> {
        self.sessions.get(session).map(|session| Arc::clone(&session.lock))
    }
}

/// The `accessKey` of a log-in.
pub fn hashed(token: &str, key: &str) -> String {
    Md5::digest(format!("{token}{key}")).iter().map(|byte| format!("{byte:02x}")).collect()
}
