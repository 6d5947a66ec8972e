//! Streams of news for pages that wait, and how many may be open: each looks at the database again and again for as long as a browser stays. Who gets none is told to
//! come back, and the script loads the page again meanwhile.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, Response, StatusCode, header},
    middleware::Next,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt as _, stream};

use super::{portal::Shared, visit::Visit};
use crate::flow::network;

/// In this process.
const ALL: usize = 512;
/// Of one network: a house behind one address has many people, and not all of them wait at the same time.
const ONE_NETWORK: usize = 32;
/// How often an open one looks, and how often before the browser opens another: five minutes.
const LOOK_EVERY: Duration = Duration::from_millis(300);
const LOOKS: u32 = 1000;
/// When to come back.
const RETRY_S: &str = "10";

/// Which are open, by network.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// One that is open; closing it gives its place back.
struct Place {
    streams: Streams,
    network: String,
}

impl Streams {
    fn open(&self, address: &str) -> Option<Place> {
        let network = network(address);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let here = open.get(&network).copied().unwrap_or(0);
        if all >= ALL || here >= ONE_NETWORK {
            return None;
        }
        open.insert(network.clone(), here + 1);
        Some(Place { streams: self.clone(), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.network)),
        }
    }
}

/// The layer. Every stream is at a path that ends in `/events`.
pub async fn limit(State((portal, streams)): State<(Shared, Streams)>, request: Request, next: Next) -> Response<Body> {
    if !request.uri().path().ends_with("/events") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(visit) = Visit::from_request_parts(&mut parts, &portal).await;
    let Some(place) = streams.open(&visit.network) else {
        let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_S));
        return response;
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind != "text/event-stream") {
        return response;
    }
    // The place lives in the closure, and that as long as the stream.
    let keep = move |_: &Result<_, _>| _ = &place;
    response.map(|body| Body::from_stream(body.into_data_stream().inspect(keep)))
}

/// Tells a waiting page where to go, as soon as `look` knows.
pub fn news<F, Looked>(look: F) -> Response<Body>
where
    F: Fn() -> Looked + Send + 'static,
    Looked: Future<Output = Option<String>> + Send + 'static,
{
    let looks = stream::unfold((look, LOOKS), |(look, left)| async move {
        if left == 0 {
            return None;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        let looked = look();
        let (event, left) = match looked.await {
            Some(to) => (Event::default().event("go").data(serde_json::json!({ "to": to }).to_string()), 0),
            None => (Event::default().comment(""), left - 1),
        };
        Some((Ok::<_, Infallible>(event), (look, left)))
    });
    let mut response = Sse::new(looks).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r17_streams_are_bounded_by_network_and_in_all_and_a_closed_one_makes_room() {
        let streams = Streams::default();
        let mut mine: Vec<Place> = (0..ONE_NETWORK).filter_map(|n| streams.open(&format!("192.0.2.{n}"))).collect();
        assert_eq!(mine.len(), ONE_NETWORK);
        assert!(streams.open("192.0.2.99").is_none());
        assert!(streams.open("192.0.3.7").is_some(), "another network has its own");
        mine.pop();
        assert!(streams.open("192.0.2.7").is_some());
        let one_home = (0..2 * ONE_NETWORK).filter_map(|n| streams.open(&format!("2001:db8:0:{n:x}::{n:x}")));
        assert_eq!(one_home.collect::<Vec<_>>().len(), ONE_NETWORK, "many addresses of one subscriber are one network");
        let others: Vec<Place> = (0..ALL).filter_map(|n| streams.open(&format!("192.0.2.{n}/n"))).collect();
        assert_eq!(mine.len() + others.len(), ALL);
        drop((mine, others));
        assert!(streams.0.lock().unwrap().is_empty(), "nothing is kept of networks that went away");
    }
}
