//! Decides which traces are kept, as the samplers of OpenTelemetry do:
//! <https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers>.

use postern_shared::options::SamplerName;

/// Half of an id of a trace as a number has 63 bits here.
const ALL: f64 = 9_223_372_036_854_775_808.0;

/// Decides which traces are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    follows_parent: bool,
    /// Of the traces for which it decides, from 0 to 1.
    share: f64,
}

impl Sampler {
    /// The sampler of this name; `share` is for those that keep a share.
    pub fn new(name: SamplerName, share: f64) -> Self {
        let (follows_parent, share) = match name {
            SamplerName::AlwaysOn => (false, 1.0),
            SamplerName::AlwaysOff => (false, 0.0),
            SamplerName::TraceIdRatio => (false, share),
            SamplerName::ParentBasedAlwaysOn => (true, 1.0),
            SamplerName::ParentBasedAlwaysOff => (true, 0.0),
            SamplerName::ParentBasedTraceIdRatio => (true, share),
        };
        Self { follows_parent, share }
    }

    /// Whether a trace is kept. `parent` is whether its caller keeps it; none = it begins here.
    pub fn keeps(self, trace: u128, parent: Option<bool>) -> bool {
        match parent {
            Some(is_kept) if self.follows_parent => is_kept,
            _ => is_below(trace, self.share),
        }
    }
}

/// Whether a trace belongs to a share of all: every program with the same share keeps the same traces.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn is_below(trace: u128, share: f64) -> bool {
    // The last bytes of an id are drawn, also where the first ones are a time.
    share >= 1.0 || (((trace as u64) >> 1) as f64) < share * ALL
}

#[cfg(test)]
mod tests {
    use postern_shared::trace::TraceContext;

    use super::*;

    #[test]
    fn a_sampler_decides_for_its_own_traces_or_for_all() {
        let (low, high) = (1, u128::MAX);
        for (name, share, low_kept, high_kept) in [
            (SamplerName::AlwaysOn, 0.0, true, true),
            (SamplerName::AlwaysOff, 1.0, false, false),
            (SamplerName::TraceIdRatio, 0.5, true, false),
            (SamplerName::TraceIdRatio, 1.0, true, true),
            (SamplerName::TraceIdRatio, 0.0, false, false),
        ] {
            let sampler = Sampler::new(name, share);
            for parent in [None, Some(true), Some(false)] {
                let kept = [low, high].map(|trace| sampler.keeps(trace, parent));
                assert_eq!(kept, [low_kept, high_kept], "{name:?} {share} {parent:?}");
            }
        }
        for (name, own) in [
            (SamplerName::ParentBasedAlwaysOn, true),
            (SamplerName::ParentBasedAlwaysOff, false),
            (SamplerName::ParentBasedTraceIdRatio, false),
        ] {
            let sampler = Sampler::new(name, 0.5);
            let kept = [None, Some(true), Some(false)].map(|parent| sampler.keeps(high, parent));
            assert_eq!(kept, [own, true, false], "{name:?}");
        }
    }

    #[test]
    fn a_share_of_the_traces_that_begin_here_is_kept() {
        let sampler = Sampler::new(SamplerName::ParentBasedTraceIdRatio, 0.25);
        let kept = (0..4_000).filter(|_| sampler.keeps(TraceContext::root(true).trace, None)).count();
        assert!((800..1_200).contains(&kept), "{kept}");
    }
}
