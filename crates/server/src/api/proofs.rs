//! Proofs: what somebody brings to show who they are. Until a first one holds, each answer is the same for every name (UX-03, UX-04).

use axum::http::StatusCode;
use keyward_core::case::Case;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    call::{Call, Held, KEEP_KEY_MS},
    cases::Nothing,
    json::Input,
    problem::{Kind, Problem},
    reply::{Answer, Reply},
    view::CaseView,
};
use crate::{
    flow::{CODE_CHARS, DIALOG_MS, Proof, Proved},
    token::Token,
};

/// The longest text in which a printed code is looked for.
const PRINTED_LONGEST: usize = 48;

/// A code of six digits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SixDigits {
    /// The digits.
    #[schema(format = Password, write_only, pattern = "^[0-9]{6}$")]
    code: String,
}
impl Input for SixDigits {}

impl SixDigits {
    fn read(self) -> Result<String, Problem> {
        six_digits(self.code)
    }
}

/// A code that can not be right costs no try.
pub fn six_digits(code: String) -> Result<String, Problem> {
    let fits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(code).ok_or(Kind::DoesNotFit.into())
}

/// A printed code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintedCode {
    /// The code, with or without what stands between its groups.
    #[schema(format = Password, write_only, min_length = 26, max_length = 48)]
    code: String,
}
impl Input for PrintedCode {}

/// The link of a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailedLink {
    /// What stands at the end of the link.
    #[schema(format = Password, write_only)]
    token: String,
}
impl Input for MailedLink {}

/// The answer of an authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAnswer {
    /// The key of the dialog, as it came with the options.
    #[schema(format = Password, write_only)]
    dialog: String,
    /// A `PublicKeyCredential` in its JSON form (WebAuthn level 3, 5.1).
    #[schema(value_type = Object)]
    credential: Map<String, Value>,
}
impl Input for PasskeyAnswer {}

/// The key of a browser that is known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownDevice {
    /// What this browser or program was given at an earlier success.
    #[schema(format = Password, write_only)]
    key: String,
}
impl Input for KnownDevice {}

/// A passkey dialog that has begun.
#[derive(Serialize, ToSchema)]
pub struct PasskeyDialog {
    /// The key of the dialog, for the answer. It counts for this case once.
    dialog: String,
    /// `PublicKeyCredentialRequestOptions` in their JSON form.
    #[schema(value_type = Object)]
    options: Value,
    /// When the dialog ends.
    #[schema(format = DateTime)]
    expires: String,
}

/// A message that was asked for.
#[derive(Serialize, ToSchema)]
pub struct MessageAsked {
    /// When the code and link of a message that goes out now would end. It is the same whether or not one does.
    #[schema(format = DateTime)]
    pub until: String,
    /// When another may be asked for.
    #[schema(format = DateTime)]
    pub again: String,
}

impl MessageAsked {
    /// For a message that was asked for just now.
    pub fn now(held: &Held) -> Self {
        let (terms, at) = (&held.flow().terms, held.visit.at);
        Self { until: at.plus_ms(terms.mail_ms).to_string(), again: at.plus_ms(terms.resend_ms).to_string() }
    }
}

/// Tries a proof. Whether it was wrong or late is not told: for a name that is nobody's there is nothing to be late with.
async fn tried(held: &Held, proof: Proof) -> Result<(Box<Case>, Option<Token>), Problem> {
    let left = held.flow().tries_left(&held.case, proof.method());
    match held.flow().prove(&held.case, held.browser, proof).await {
        Ok(Proved::Held(case, renewed)) => Ok((case, renewed)),
        Ok(Proved::NotHeld) => Err(Problem::not_confirmed(left)),
        Err(error) => Err(held.failed(&error)),
    }
}

/// Tries a proof and shows the case as it is then.
async fn shown(held: Held, proof: Proof) -> Result<Reply, Problem> {
    let (case, _) = tried(&held, proof).await?;
    held.shown(&case).await
}

/// A key in a body. One that has not even the form of a key does not fit, and costs no try.
pub fn key(text: &str) -> Result<Token, Problem> {
    Token::parse(text).map_err(|_| Kind::DoesNotFit.into())
}

/// Prove by an authenticator app
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/totp", tag = "proofs", operation_id = "prove_by_totp", request_body = SixDigits, security(("case_key" = [])),
    responses((status = 200, description = "The proof holds.", body = CaseView)))]
pub async fn totp(call: Call<Held, SixDigits>) -> Answer {
    call.once(|call| async move { shown(call.caller, Proof::Totp(call.input.read()?)).await }).await
}

/// Prove by a printed code
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/recovery_code", tag = "proofs", operation_id = "prove_by_recovery_code", request_body = PrintedCode, security(("case_key" = [])),
    responses((status = 200, description = "The proof holds.", body = CaseView)))]
pub async fn recovery_code(call: Call<Held, PrintedCode>) -> Answer {
    call.once(|call| async move {
        let code = call.input.code;
        let fits = code.chars().count() <= PRINTED_LONGEST
            && code.chars().filter(|c| c.is_alphanumeric()).count() == CODE_CHARS;
        if !fits {
            return Err(Kind::DoesNotFit.into());
        }
        shown(call.caller, Proof::RecoveryCode(code)).await
    })
    .await
}

/// Ask for a message with a code and a link
///
/// Counted and answered alike for every name; whether anything is sent, and where to, is not told.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/email", tag = "proofs", operation_id = "ask_for_email", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 202, description = "It is asked for.", body = MessageAsked)))]
pub async fn email(call: Call<Held, Nothing>) -> Answer {
    call.once(|call| async move {
        let held = call.caller;
        let asked = held.flow().ask_for_mail(&held.case, held.browser).await.map_err(|error| held.failed(&error))?;
        if !asked {
            return Err(Kind::NoMoreMessages.into());
        }
        Ok(Reply::json(StatusCode::ACCEPTED, &MessageAsked::now(&held)))
    })
    .await
}

/// Prove by the code of a message
///
/// It counts for the case that asked for it and for no other.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/email_code", tag = "proofs", operation_id = "prove_by_email_code", request_body = SixDigits, security(("case_key" = [])),
    responses((status = 200, description = "The proof holds.", body = CaseView)))]
pub async fn email_code(call: Call<Held, SixDigits>) -> Answer {
    call.once(|call| async move { shown(call.caller, Proof::MailCode(call.input.read()?)).await }).await
}

/// Prove by the link of a message
///
/// It counts for the case that asked for it and for no other.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/email_link", tag = "proofs", operation_id = "prove_by_email_link", request_body = MailedLink, security(("case_key" = [])),
    responses((status = 200, description = "The proof holds.", body = CaseView)))]
pub async fn email_link(call: Call<Held, MailedLink>) -> Answer {
    call.once(|call| async move { shown(call.caller, Proof::MailLink(key(&call.input.token)?)).await }).await
}

/// Begin a passkey dialog
///
/// The options name no credential, so they are the same for every name.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/passkey/options", tag = "proofs", operation_id = "begin_passkey", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 201, description = "It has begun.", body = PasskeyDialog)))]
pub async fn passkey_options(call: Call<Held, Nothing>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let held = call.caller;
        let begun = held.flow().begin_proof(&held.case, held.browser).await.map_err(|error| held.failed(&error))?;
        let body = PasskeyDialog {
            dialog: begun.key.reveal().expose().clone(),
            options: serde_json::from_str(&begun.options).map_err(|_| Problem::from(Kind::Broken))?,
            expires: held.visit.at.plus_ms(DIALOG_MS).to_string(),
        };
        Ok(Reply::json(StatusCode::CREATED, &body))
    })
    .await
}

/// Prove by a passkey
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/passkey", tag = "proofs", operation_id = "prove_by_passkey", request_body = PasskeyAnswer, security(("case_key" = [])),
    responses((status = 200, description = "The proof holds.", body = CaseView)))]
pub async fn passkey(call: Call<Held, PasskeyAnswer>) -> Answer {
    call.once(|call| async move {
        let dialog = key(&call.input.dialog)?;
        let credential = Value::Object(call.input.credential).to_string();
        shown(call.caller, Proof::Passkey(dialog, credential)).await
    })
    .await
}

/// A known browser or program, with its next key.
#[derive(Serialize, ToSchema)]
pub struct KnownDeviceShown {
    /// The key in place of the one that was shown: another after each use. Keep it before anything else.
    #[schema(pattern = "^kw_[0-9a-hjkmnp-tv-z]{53}$")]
    key: String,
    /// The case. Not there if it could not be read; the proof holds all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    case: Option<CaseView>,
}

/// Prove by a browser that is known
///
/// The key that was shown ends. Send an `Idempotency-Key`, so that an answer that is lost on the way can be had again.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/proofs/known_device", tag = "proofs", operation_id = "prove_by_known_device",
    request_body = KnownDevice, security(("case_key" = [])),
    responses((status = 200, description = "The proof holds.", body = KnownDeviceShown)))]
pub async fn known_device(call: Call<Held, KnownDevice>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let held = call.caller;
        let (case, renewed) = tried(&held, Proof::Device(key(&call.input.key)?)).await?;
        // A proof by a known browser always brings its next key; without one it would be locked out unheard.
        let renewed = renewed.ok_or(Problem::from(Kind::Broken))?;
        // What fails behind the commit keeps nobody from having the key, which is nowhere else.
        let case = held.view(&case).await.ok();
        Ok(Reply::json(StatusCode::OK, &KnownDeviceShown { key: renewed.reveal().expose().clone(), case }))
    })
    .await
}
