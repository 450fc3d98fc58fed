//! What a step reads of records of other systems. No transaction can read them, so each is read by a call of its own before
//! the step is taken, and kept with the run until it waits.

use std::sync::Arc;

use postern_shared::env::Env;
use postern_shared::expression::{Related, render};
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord, RecordRef};
use postern_shared::rendered::{Action, ConnectedCall, Rendered};
use postern_shared::store::checkpoints::Decision;
use postern_shared::workflow::Step;

use crate::bundle::unit_of_work::UnitOfWork;
use crate::outside::call::{Call, Report};
use crate::outside::connected::{Done, What};
use crate::run::checkpoint::Next;
use crate::run::execution::Execution;
use crate::task::connected;
use crate::task::error::TaskError;
use crate::task::outcome::Outcome;
use crate::task::query::Answer;

/// Whether a step knows what it reads of other systems.
pub(super) enum Looked {
    /// It does, and goes on with this answer.
    Known(Next, Option<Answer>),
    /// A record has to be read.
    Asks(Next, Box<Call>),
    /// A record could not be read.
    Failed(Next, Result<Outcome, TaskError>),
}

impl Execution {
    /// Takes in a record that was read, and names the next one that the step needs.
    pub(super) fn look_elsewhere(
        &mut self,
        mut next: Next,
        step: &Step,
        mut answer: Option<Answer>,
        unit: &UnitOfWork,
    ) -> Looked {
        if let Some(call) = read_by(&next)
            && let Some(Answer::Outside(report)) = answer
        {
            match self.take_in(&call, report, &next, unit) {
                // The tries were those of the read.
                Ok(()) => (next.request, next.tried, answer) = (None, None, None),
                Err(outcome) => return Looked::Failed(next, *outcome),
            }
        }
        self.scope.record = self.scope.record.take().or_else(|| self.fields_elsewhere().map(Arc::new));
        // What is rendered, or has asked the database, has read what it needs.
        if answer.is_some() || next.request.as_deref().is_some_and(|request| !is_read(request)) {
            return Looked::Known(next, answer);
        }
        match self.unread(step, unit) {
            Some(record) => {
                let ConnectedRecord { connection, module, id } = record;
                let request =
                    Rendered::Connected(ConnectedCall { connection, module, url: None, action: Action::Read { id } });
                Looked::Asks(next, Box::new(connected::call(Arc::new(request), false, None)))
            }
            None => Looked::Known(next, answer),
        }
    }

    /// Adds what a step reads of records that records of other systems refer to.
    pub(super) fn add_related(&self, related: &mut Arc<Env>, step: &Step, unit: &UnitOfWork) {
        for one in &step.reads.related {
            let Some(record) = self.referred(one, unit) else { continue };
            if let Some(value) = self.elsewhere.fields(&record).and_then(|fields| fields.get(&one.name)) {
                Arc::make_mut(related).set(one.to_string(), value.clone());
            }
        }
    }

    /// Keeps what a call has read, or says how the step goes on without it.
    fn take_in(
        &mut self,
        call: &ConnectedCall,
        report: Report,
        next: &Next,
        unit: &UnitOfWork,
    ) -> Result<(), Box<Result<Outcome, TaskError>>> {
        let (connection, module) = (call.connection.clone(), call.module.clone());
        let Action::Read { id } = &call.action else { return Ok(()) };
        let record = ConnectedRecord { connection, module, id: id.clone() };
        match report {
            Report::Done(done) => {
                match *done {
                    Done { what: What::Read(fields), .. } => self.elsewhere.keep(&record, Some(fields)),
                    Done { what: What::Gone(_), .. } => self.elsewhere.keep(&record, None),
                    _ => {}
                }
                Ok(())
            }
            Report::Failed(failure) => {
                let tried = next.tried.unwrap_or_default();
                Err(Box::new(connected::again(failure, &tried, unit.clock.now())))
            }
            Report::Decided(Decision::Fail) => Err(Box::new(Err(Message::PersonDecided))),
            // It is read again.
            Report::Decided(_) | Report::Answered(_) => Ok(()),
        }
    }

    /// The fields of the run's record, if another system keeps it and they were read.
    fn fields_elsewhere(&self) -> Option<Env> {
        self.elsewhere.fields(self.run.record.as_ref()?.connected()?).cloned()
    }

    /// A record that the step reads and that was not read yet. The first step of a run reads its record in any case.
    fn unread(&self, step: &Step, unit: &UnitOfWork) -> Option<ConnectedRecord> {
        let reads = &step.reads;
        let by_record = reads.related.iter().any(|one| !one.by_env);
        let needs_own = !reads.fields.is_empty() || by_record || !self.elsewhere.is_open;
        let own = self.run.record.as_ref().and_then(RecordRef::connected).filter(|_| needs_own);
        if let Some(own) = own.filter(|own| !self.elsewhere.knows(own)) {
            return Some(own.clone());
        }
        let mut related = reads.related.iter().filter_map(|one| self.referred(one, unit));
        related.find(|record| !self.elsewhere.knows(record))
    }

    /// The record of another system to which a field or an `$env` name refers.
    fn referred(&self, one: &Related, unit: &UnitOfWork) -> Option<ConnectedRecord> {
        let connection = unit.connection(&one.module)?;
        let holder = if one.by_env { &self.scope.env } else { self.scope.record.as_ref()? };
        let text = render(holder.get(&one.field)?);
        match text.trim().parse::<ConnectedRecord>() {
            Ok(record) => (record.connection == *connection && record.module == one.module).then(|| record.by_number()),
            // As vtiger writes a reference.
            Err(_) => {
                let id: ConnectedId = text.trim().parse().ok()?;
                let (connection, module) = (connection.clone(), one.module.clone());
                id.number().is_some().then(|| ConnectedRecord { connection, module, id }.by_number())
            }
        }
    }
}

/// The read that a step waits for.
fn read_by(next: &Next) -> Option<ConnectedCall> {
    match next.request.as_deref()? {
        Rendered::Connected(call) if matches!(call.action, Action::Read { .. }) => Some(call.clone()),
        _ => None,
    }
}

/// Whether a call only reads a record: it may be made as often as one likes.
pub fn is_read(request: &Rendered) -> bool {
    matches!(request, Rendered::Connected(ConnectedCall { action: Action::Read { .. }, .. }))
}
