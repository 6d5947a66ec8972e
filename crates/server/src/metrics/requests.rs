//! Requests by route, and streams that are open.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
};

use super::names::{Level, Names, Timed};

/// An answered request, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// As it was sent; what is not usual is counted as `other`.
    pub method: &'a str,
    /// The template of the route, never the path; `none` where there is nothing.
    pub route: &'a str,
    /// The number of the answer.
    pub status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

pub(super) struct Requests {
    seconds: Family<RequestLabels, Histogram, Timed>,
    streams: Level,
}

impl Requests {
    pub(super) fn new(names: &mut Names) -> Self {
        Self {
            seconds: names
                .seconds("http_request_duration", "How long answers took to begin, by route and status class"),
            streams: names.level("http_event_streams", "Streams of events that browsers and programs have open"),
        }
    }

    pub(super) fn answered(&self, request: Request<'_>, seconds: f64) {
        let method = match request.method {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            // A method can be any word, and a label for each would fill the memory.
            _ => "other",
        };
        let status = match request.status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        let labels = RequestLabels { method, route: request.route.to_owned(), status };
        self.seconds.get_or_create(&labels).observe(seconds);
    }

    pub(super) fn stream(&self) -> OpenStream {
        self.streams.inc();
        OpenStream(self.streams.clone())
    }
}

/// Counts for as long as it is kept.
#[derive(Debug)]
pub struct OpenStream(Level);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}
