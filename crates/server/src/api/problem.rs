//! Why something was not done, as RFC 9457 has it: a stable type, one fixed sentence, and nothing of our insides or of what was sent.
//!
//! Errors are logged here, once. Which answer a refusal gets is said here and nowhere else in the API.

use axum::http::StatusCode;
use keyward_core::case::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use super::reply::Reply;
use crate::flow::FlowError;

/// What stands before the code in `type`.
pub const PREFIX: &str = "urn:keyward:problem:";
/// How soon to come back when the database is away.
const AWAY_S: i64 = 30;
/// How soon to come back when somebody else is at it.
const BUSY_S: i64 = 1;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:ident, $code:literal, $title:literal, $detail:literal;)*) => {
        /// The kinds of problems. A code never changes its meaning.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Kind { $($(#[$doc])* $kind,)* }
        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];
            /// The last part of `type`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }
            /// The status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status,)* }
            }
            /// A few words, the same for every problem of the kind.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }
            /// One sentence, the same for every problem of the kind.
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$kind => $detail,)* }
            }
        }
    };
}

kinds! {
    /// No such path.
    NoSuchAddress = NOT_FOUND, "no-such-address", "Not found", "There is nothing at this address.";
    /// No such case for this key. The same for a case of somebody else, for none, and for no key (T-B16).
    NoSuchCase = NOT_FOUND, "no-such-case", "Not found", "There is no such case for the key in the Authorization header.";
    /// Nobody is signed in with this key. The same for one that ended and for one that never was.
    NotSignedIn = UNAUTHORIZED, "not-signed-in", "Not signed in", "Nobody is signed in with the key in the Authorization header.";
    /// The password was shown too long ago for a change.
    SignInAgain = FORBIDDEN, "sign-in-again", "Sign in again", "The password was shown too long ago for a change, or its session has ended; sign in again.";
    /// No way back in of that id that is theirs. The same for somebody else's and for none.
    NoSuchWay = NOT_FOUND, "no-such-way", "Not found", "You have no such way back in.";
    /// The link of a message is used, over, or never was.
    LinkNotAlive = NOT_FOUND, "link-not-alive", "Link not alive", "The link was used, is over, or never was.";
    /// Another method.
    WrongMethod = METHOD_NOT_ALLOWED, "wrong-method", "Wrong method", "This address takes other methods; the Allow header names them.";
    /// Not `application/json`.
    NotJson = UNSUPPORTED_MEDIA_TYPE, "not-json", "Not JSON", "The body must be application/json in UTF-8, and the Content-Type header must say so.";
    /// Too long.
    TooLarge = PAYLOAD_TOO_LARGE, "too-large", "Too large", "The body is longer than this address takes.";
    /// It does not parse.
    Malformed = BAD_REQUEST, "malformed", "Malformed", "The body is not one JSON object.";
    /// One name twice in an object (T-B02).
    DuplicateField = BAD_REQUEST, "duplicate-field", "Duplicate field", "A field is there twice.";
    /// A field that is unknown, missing, or of another type or form.
    DoesNotFit = UNPROCESSABLE_ENTITY, "does-not-fit", "Does not fit", "A field is unknown, is missing, or has another type or form than the description says.";
    /// `Idempotency-Key` has another form.
    KeyForm = BAD_REQUEST, "idempotency-key-form", "Unusable Idempotency-Key", "The Idempotency-Key header must be there once, with 16 to 128 visible ASCII characters.";
    /// Another request had the key.
    KeyReused = UNPROCESSABLE_ENTITY, "idempotency-key-reused", "Idempotency-Key used before", "Another request was sent with this Idempotency-Key.";
    /// The same request is under way.
    UnderWay = CONFLICT, "under-way", "Under way", "The first request with this Idempotency-Key has no answer yet.";
    /// `If-Match` names another state.
    NotAsSeen = PRECONDITION_FAILED, "not-as-seen", "Not as seen", "The case is not what the If-Match header says.";
    /// The case is at another step.
    WrongStep = CONFLICT, "wrong-step", "Wrong step", "The case is at another step.";
    /// It is over.
    Over = CONFLICT, "over", "Over", "The case is over.";
    /// Time ran out.
    Expired = GONE, "expired", "Expired", "The case has run out of time; open another.";
    /// The same proof again.
    Again = CONFLICT, "shown-already", "Shown already", "This proof is there already.";
    /// A proof did not hold. Which part of it was weak is not said.
    NotConfirmed = UNPROCESSABLE_ENTITY, "not-confirmed", "Not confirmed", "The proof does not hold.";
    /// All tries of this way are used.
    WaySpent = FORBIDDEN, "way-spent", "No try left", "This way can not be tried again in this case; another can.";
    /// All messages of the case are sent.
    NoMoreMessages = FORBIDDEN, "no-more-messages", "No more messages", "This case can not cause another message.";
    /// The rules do not take the password.
    PasswordRefused = UNPROCESSABLE_ENTITY, "password-refused", "Password refused", "The password does not keep the rule that `rule` names.";
    /// An address that can not be added. Which rule it broke is said, for they are rules about one's own account.
    AddressRefused = UNPROCESSABLE_ENTITY, "address-refused", "Address refused", "The address can not be added, by the rule that `rule` names.";
    /// What is to be ended was the proof.
    ProvesItself = CONFLICT, "proves-itself", "Proves itself", "What is to be ended was used as a proof in this case.";
    /// Not, or not yet.
    NotPermitted = FORBIDDEN, "not-permitted", "Not permitted", "The case does not allow this, or not yet.";
    /// Something that is shown once was shown, or its time is over, or it never was.
    ShownOnce = GONE, "shown-once", "Shown once", "This is shown once; it was shown, or its time is over.";
    /// Somebody else is at it.
    Busy = CONFLICT, "busy", "Busy", "Something else is happening in this case; look at it again.";
    /// A request of a page of another site.
    OtherSite = FORBIDDEN, "other-site", "From another site", "A page of another site may not ask this.";
    /// A request for another host.
    OtherHost = MISDIRECTED_REQUEST, "other-host", "Another host", "This server is not for that host.";
    /// Too often.
    TooMany = TOO_MANY_REQUESTS, "too-many", "Too many requests", "This was asked too often; the Retry-After header says when to come back.";
    /// The directory is still being asked. Nothing was counted.
    NotLookedUp = SERVICE_UNAVAILABLE, "not-looked-up", "Not looked up yet", "The name is still being looked up; nothing was counted.";
    /// Not now.
    Away = SERVICE_UNAVAILABLE, "away", "Not now", "The server can not answer now; nothing was lost.";
    /// Broken.
    Broken = INTERNAL_SERVER_ERROR, "broken", "Broken", "Something is broken on our side; it has been written down.";
}

impl Kind {
    /// The whole `type`.
    pub fn urn(self) -> String {
        format!("{PREFIX}{}", self.code())
    }
}

/// A problem (RFC 9457), as it is written and described.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Written {
    /// What kind of problem: a stable name. Compare this and nothing else.
    #[serde(rename = "type")]
    #[schema(example = "urn:keyward:problem:no-such-case")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The status of the answer.
    #[schema(example = 404)]
    status: u16,
    /// One sentence. It never repeats what was sent.
    detail: &'static str,
    /// The rule for passwords or addresses that was not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rule: Option<&'static str>,
    /// How often this way can still be tried. The same for every name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tries_left: Option<u32>,
}

/// Why something was not done.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    rule: Option<&'static str>,
    tries_left: Option<u32>,
    retry_s: Option<i64>,
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        let retry_s = match kind {
            Kind::Away => Some(AWAY_S),
            Kind::Busy | Kind::UnderWay | Kind::NotLookedUp => Some(BUSY_S),
            _ => None,
        };
        Self { kind, rule: None, tries_left: None, retry_s }
    }
}

impl Problem {
    /// A proof that does not hold, with the tries that are left.
    pub fn not_confirmed(tries_left: u32) -> Self {
        Self { tries_left: Some(tries_left), ..Kind::NotConfirmed.into() }
    }
    /// An address that can not be added.
    pub fn address_refused(rule: &'static str) -> Self {
        Self { rule: Some(rule), ..Kind::AddressRefused.into() }
    }
    /// A password that the rules do not take.
    pub fn password_refused(rule: &'static str) -> Self {
        Self { rule: Some(rule), ..Kind::PasswordRefused.into() }
    }
    /// What a flow said no to. What is logged is not told, and the other way round.
    pub fn of(error: &FlowError, at: keyward_core::time::Timestamp) -> Self {
        match error {
            FlowError::NoCase => Kind::NoSuchCase.into(),
            FlowError::TooMany(until) => {
                Self { retry_s: Some(until.since_ms(at).max(0) / 1000 + 1), ..Kind::TooMany.into() }
            }
            FlowError::NotYet => Kind::NotLookedUp.into(),
            FlowError::Full => Kind::Away.into(),
            FlowError::Stale => Kind::SignInAgain.into(),
            FlowError::Lost(_) => Kind::Over.into(),
            FlowError::Unavailable(cause) => {
                tracing::warn!(%error, %cause, "a request could not be served");
                Kind::Away.into()
            }
            FlowError::Broken(cause) => {
                tracing::error!(%error, %cause, "stopped: something contradicts itself");
                Kind::Broken.into()
            }
            FlowError::Refused(refusal) => Self::from(refused(refusal)),
        }
    }
    /// As an answer.
    pub fn reply(&self) -> Reply {
        let body = Written {
            kind: self.kind.urn(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.kind.detail(),
            rule: self.rule,
            tries_left: self.tries_left,
        };
        Reply::problem(self.kind.status(), &body, self.retry_s)
    }
}

const fn refused(refusal: &Refusal) -> Kind {
    match refusal {
        Refusal::WrongStep | Refusal::NothingNew => Kind::WrongStep,
        Refusal::Over | Refusal::NoAttemptLeft => Kind::Over,
        Refusal::Expired => Kind::Expired,
        Refusal::Again => Kind::Again,
        Refusal::TooMany => Kind::WaySpent,
        Refusal::ProvesItself => Kind::ProvesItself,
        Refusal::Changed | Refusal::OutcomeUnknown => Kind::Busy,
        // Whose proof it was is nobody's business.
        Refusal::OtherPerson => Kind::NotConfirmed,
        Refusal::NotIndependent | Refusal::NotReviewed => Kind::NotPermitted,
    }
}
