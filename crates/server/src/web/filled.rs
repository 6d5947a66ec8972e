//! What somebody sends with a page: a form that was filled in, or what its address says. Whoever sends a form that can not be read sees a page that
//! says so; no handler has to.

use std::convert::Infallible;

use axum::{
    Form, RequestExt as _,
    extract::{FromRef, FromRequest, FromRequestParts, Query, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::{
    answer::{Answer, stop},
    portal::Shared,
    views::outcome::StopReason,
    visit::Visit,
};

/// The fields.
pub struct Filled<T>(pub T);

impl<T, S> FromRequest<S> for Filled<T>
where
    T: DeserializeOwned + 'static,
    Shared: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Answer;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Answer> {
        let Ok(visit) = request.extract_parts_with_state::<Visit, S>(state).await;
        match Form::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(_) => Err(stop(&visit, StopReason::StaleForm)),
        }
    }
}

/// What stands behind the `?` of an address. It opens nothing, and what can not be read says nothing.
pub struct InAddress<T>(pub T);

impl<T, S> FromRequestParts<S> for InAddress<T>
where
    T: DeserializeOwned + Default,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let said = Query::from_request_parts(parts, state).await;
        Ok(Self(said.map(|Query(said)| said).unwrap_or_default()))
    }
}
