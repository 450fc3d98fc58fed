//! Where traces go. The variables have the names that all programs with OpenTelemetry know:
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use percent_encoding::percent_decode_str;
use url::Url;

/// Where a collector takes traces, below its base URL.
const PATH_OF_TRACES: &str = "v1/traces";

/// Where traces go, and how many. Without an endpoint there are none.
#[derive(Debug, Clone, Args)]
pub struct TraceOptions {
    /// The OpenTelemetry collector, such as `http://otel-collector:4318`. Traces are posted below it, to `/v1/traces`, by
    /// OTLP over HTTP (`http/protobuf`). Without an endpoint nothing is traced.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = endpoint)]
    pub otlp_endpoint: Option<Url>,

    /// The URL to which traces are posted, as it is. It comes before `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value_parser = endpoint)]
    pub otlp_traces_endpoint: Option<Url>,

    /// Headers of the requests to the collector, such as `api-key=KEY`, joined by commas. Values are percent-encoded.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS", hide_env_values = true)]
    pub otlp_headers: Option<OtlpHeaders>,

    /// A file with the headers of the requests to the collector, instead of `OTEL_EXPORTER_OTLP_HEADERS`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_HEADERS_FILE")]
    pub otlp_headers_file: Option<PathBuf>,

    /// The `service.name` of the spans. Without it each service has its own: `postern-ingress`, `postern-worker`.
    #[arg(long, env = "OTEL_SERVICE_NAME")]
    pub otel_service_name: Option<String>,

    /// Which traces ingress keeps. The samplers with `parentbased_` decide for calls without a `traceparent`; a call with one is
    /// kept if its caller keeps it. The others decide for all calls.
    #[arg(long, env = "OTEL_TRACES_SAMPLER", default_value = "parentbased_always_on")]
    pub otel_traces_sampler: SamplerName,

    /// The share of the traces that `traceidratio` keeps, from 0 to 1.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value_t = 1.0, value_parser = share)]
    pub otel_traces_sampler_arg: f64,
}

/// The name of a sampler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SamplerName {
    /// All traces.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share of them, by their ids.
    #[value(name = "traceidratio")]
    TraceIdRatio,
    /// As the caller, or else all.
    #[value(name = "parentbased_always_on")]
    ParentBasedAlwaysOn,
    /// As the caller, or else none.
    #[value(name = "parentbased_always_off")]
    ParentBasedAlwaysOff,
    /// As the caller, or else a share.
    #[value(name = "parentbased_traceidratio")]
    ParentBasedTraceIdRatio,
}

impl TraceOptions {
    /// The URL to which traces are posted; none = there are no traces.
    pub fn url(&self) -> Option<Url> {
        let below = |base: &Url| {
            let mut url = base.clone();
            url.set_path(&format!("{}/{PATH_OF_TRACES}", base.path().trim_end_matches('/')));
            url
        };
        self.otlp_traces_endpoint.clone().or_else(|| self.otlp_endpoint.as_ref().map(below))
    }
}

/// Headers of requests; no debug output shows them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OtlpHeaders(pub Vec<(String, String)>);

impl fmt::Debug for OtlpHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtlpHeaders({})", self.0.len())
    }
}

impl FromStr for OtlpHeaders {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let header = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            let (name, value) = (name.trim(), percent_decode_str(value.trim()).decode_utf8().ok()?);
            let is_name = !name.is_empty() && name.bytes().all(is_token);
            let is_value = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            (is_name && is_value).then(|| (name.to_lowercase(), value.into_owned()))
        };
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        let headers = pairs.map(header).collect::<Option<_>>();
        headers.map(Self).ok_or("it must be headers such as `name=value`, joined by commas")
    }
}

/// Whether a byte may stand in the name of a header (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn endpoint(text: &str) -> Result<Url, String> {
    let url: Url =
        text.trim().parse().map_err(|_| "it must be a URL, such as http://otel-collector:4318".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err("it must begin with http:// or https://: OTLP over HTTP alone is spoken".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a password belongs into OTEL_EXPORTER_OTLP_HEADERS".to_owned());
    }
    Ok(url)
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "it must be a number from 0 to 1: the share of the traces that are kept".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Sample {
        #[command(flatten)]
        traces: TraceOptions,
    }

    fn read(arguments: &[&str]) -> Result<TraceOptions, clap::Error> {
        Sample::try_parse_from([""].iter().chain(arguments)).map(|sample| sample.traces)
    }

    #[test]
    fn traces_go_below_an_endpoint_or_to_one_of_their_own() {
        let url = |arguments: &[&str]| read(arguments).unwrap().url().map(String::from);
        for (arguments, expected) in [
            (&[][..], None),
            (&["--otlp-endpoint=http://c:4318"], Some("http://c:4318/v1/traces")),
            (&["--otlp-endpoint=https://c/otlp/"], Some("https://c/otlp/v1/traces")),
            (&["--otlp-traces-endpoint=http://c:4318"], Some("http://c:4318/")),
            (&["--otlp-endpoint=http://a", "--otlp-traces-endpoint=http://b/t"], Some("http://b/t")),
        ] {
            assert_eq!(url(arguments).as_deref(), expected, "{arguments:?}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused_and_a_secret_is_not_repeated() {
        for argument in [
            "--otlp-endpoint=collector:4318",
            "--otlp-endpoint=grpc://c:4317",
            "--otlp-endpoint=http://u:p@c:4318",
            "--otel-traces-sampler=sometimes",
            "--otel-traces-sampler-arg=1.1",
            "--otel-traces-sampler-arg=NaN",
            "--otlp-headers=key",
            "--otlp-headers=a b=c",
            "--otlp-headers=a=%0a",
        ] {
            assert!(read(&[argument]).is_err(), "{argument}");
        }
        let headers = read(&["--otlp-headers=Api-Key=5ecret%2C, x=a b"]).unwrap().otlp_headers.unwrap();
        assert_eq!(headers.0, [("api-key".into(), "5ecret,".into()), ("x".into(), "a b".into())]);
        assert!(!format!("{headers:?}").contains("5ecret"));
        let share =
            read(&["--otel-traces-sampler=parentbased_traceidratio", "--otel-traces-sampler-arg=0.25"]).unwrap();
        assert_eq!(share.otel_traces_sampler, SamplerName::ParentBasedTraceIdRatio);
        assert!((share.otel_traces_sampler_arg - 0.25).abs() < f64::EPSILON);
    }
}
