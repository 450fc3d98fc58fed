//! The spans of receipts, runs, steps and calls, by what a transaction has made of them. They are handed over when it is
//! committed. A run has one span, however many transactions it takes: whichever worker ends the run sends it.

use std::time::{Duration, SystemTime};

use postern_shared::rendered::Rendered;
use postern_shared::resume::{Resume, RunKey};
use postern_shared::store::run_steps::Step;
use postern_shared::store::runs::{Run, State};
use postern_shared::submission::Submission;
use postern_shared::trace::TraceContext;
use postern_traces::{Kind, Span};

use crate::bundle::effects::RunEffects;
use crate::outside::call::Report;

/// The span of a receipt, from when a worker took it until its runs had gone as far as they go at once. The words for what
/// became of it are those of the metrics.
pub fn of_receipt(submission: &Submission, outcome: &'static str, began: SystemTime) -> Option<Span> {
    let handed_on = submission.traceparent?;
    let context = handed_on.of_receipt(submission.receipt);
    let span = Span::new(context, Some(handed_on.span), "process", Kind::Consumer, began)?
        .with("postern.receipt", submission.receipt.to_string())
        .with("postern.permission", submission.permission.to_string())
        .with("postern.outcome", outcome);
    Some(span.end(SystemTime::now()))
}

/// The spans of the steps that a run took in a transaction, and its own, if it has ended.
pub fn of_run(effects: &RunEffects) -> Vec<Span> {
    let RunEffects { run, log, trace: Some(trace), .. } = effects else { return Vec::new() };
    let first = run.steps - i32::try_from(log.len()).unwrap_or(i32::MAX) + 1;
    let has_failed = run.state == State::Failed;
    let steps = (first..).zip(log).filter_map(|(number, step)| of_step(run, *trace, number, step));
    let mut spans: Vec<Span> = steps.collect();
    if has_failed && let Some(last) = spans.pop() {
        spans.push(last.failed(true));
    }
    spans.extend(run.ended_at.and_then(|ended_at| of_ended(run, *trace, ended_at)).map(|span| span.failed(has_failed)));
    spans
}

fn of_ended(run: &Run, trace: TraceContext, ended_at: SystemTime) -> Option<Span> {
    let above = match run.parent {
        Some(parent) => {
            let key = RunKey { receipt: run.receipt, number: parent.run };
            trace.of_step(key, parent.step)
        }
        None => trace.of_receipt(run.receipt),
    };
    let name = format!("workflow {}", run.workflow);
    let span = Span::new(trace.of_run(run.key()), Some(above.span), &name, Kind::Internal, run.started_at)?;
    let span = named(span, run).with("postern.workflow.version", i64::from(run.version));
    Some(span.with("postern.state", run.state.word()).end(ended_at))
}

fn of_step(run: &Run, trace: TraceContext, number: i32, step: &Step) -> Option<Span> {
    let (context, above) = (trace.of_step(run.key(), number), trace.of_run(run.key()));
    let end = run.started_at + Duration::from_millis(step.after_ms);
    let start = end.checked_sub(Duration::from_micros(step.took_us.into())).unwrap_or(end);
    let span = Span::new(context, Some(above.span), &step.step, Kind::Internal, start)?;
    let span = named(span, run).with("postern.step", step.step.as_str()).with("postern.task", step.task.as_str());
    let span = match &step.output {
        Some(output) => span.with("postern.output", output.as_str()).failed(output == "failed"),
        None => span,
    };
    Some(span.end(end))
}

fn named(span: Span, run: &Run) -> Span {
    span.with("postern.receipt", run.receipt.to_string())
        .with("postern.run", run.key().to_string())
        .with("postern.workflow", run.workflow.get())
}

/// The span of a call that a step has made. Where it went stands in the workflow: its URL may hold what was posted.
pub fn of_call(
    (step, call): (TraceContext, TraceContext),
    resume: &Resume,
    (request, report): (&Rendered, &Report),
    began: SystemTime,
) -> Option<Span> {
    let (name, connection) = match request {
        Rendered::Http(request) => (request.method.as_str(), request.connection.as_ref()),
        Rendered::Mail(mail) => ("mail", mail.connection.as_ref()),
        Rendered::Connected(request) => ("vtiger", Some(&request.connection)),
    };
    let mut span = Span::new(call, Some(step.span), name, Kind::Client, began)?
        .with("postern.receipt", resume.run.receipt.to_string())
        .with("postern.run", resume.run.to_string())
        .with("postern.workflow", resume.workflow.get());
    if let Some(connection) = connection {
        span = span.with("postern.connection", connection.to_string());
    }
    if let Rendered::Http(request) = request {
        span = span.with("http.request.method", request.method.as_str());
    }
    let has_failed = match (request, report) {
        (Rendered::Http(_), Report::Answered(reply)) => {
            span = span.with("http.response.status_code", i64::from(reply.status));
            reply.status >= 400
        }
        (_, report) => matches!(report, Report::Failed(_)),
    };
    Some(span.failed(has_failed).end(SystemTime::now()))
}
