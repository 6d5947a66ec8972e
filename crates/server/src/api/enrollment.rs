//! A new way back in, bound: what a case that is for one takes when its gate is open. What is made goes sealed to the worker. Each dialog has a key
//! of its own that counts with the key of its case alone. That the gate is open and the case is for this is the flow's to say.

use axum::http::StatusCode;
use keyward_core::account::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    call::{Call, Held, KEEP_KEY_MS},
    cases::Nothing,
    json::{Input, present},
    problem::{Kind, Problem},
    proofs::{key, six_digits},
    reply::{Answer, Reply},
    view::{CaseView, State},
};
use crate::{
    flow::{BoundCodes, DIALOG_MS, DRAFT_MS, NewRecord, label, may_bind},
    i18n::k,
};

/// Hands in what was made, and shows the case as it is then.
pub async fn bound(held: &Held, record: &NewRecord) -> Result<Reply, Problem> {
    let acted = held.flow().bind(&held.case, record).await.map_err(|error| held.failed(&error))?;
    Ok(held.shown(&acted.get().case).await?.with_status(StatusCode::ACCEPTED))
}

/// Refuses where the case binds nothing of that kind now.
pub fn binds(held: &Held, method: Method) -> Result<(), Problem> {
    may_bind(&held.case, method).map(drop).map_err(|error| held.failed(&error))
}

/// A passkey dialog that has begun.
#[derive(Serialize, ToSchema)]
pub struct NewPasskeyDialog {
    /// The key of the dialog, for the answer. It counts for this case once.
    dialog: String,
    /// `PublicKeyCredentialCreationOptions` in their JSON form.
    #[schema(value_type = Object)]
    options: Value,
    /// When the dialog ends.
    #[schema(format = DateTime)]
    expires: String,
}

/// A passkey that was made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// The key of the dialog, as it came with the options.
    #[schema(format = Password, write_only)]
    dialog: String,
    /// A `PublicKeyCredential` in its JSON form (WebAuthn level 3, 5.1), as it was created.
    #[schema(value_type = Object)]
    credential: Map<String, Value>,
    /// What to call it. The name of the browser if it is absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 60, example = "Blue key")]
    name: Option<String>,
}
impl Input for NewPasskey {}

/// Begin a dialog for a new passkey
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/passkey/options", tag = "enrollment", operation_id = "begin_new_passkey", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 201, description = "It has begun.", body = NewPasskeyDialog)))]
pub async fn passkey_options(call: Call<Held, Nothing>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let held = call.caller;
        let begun = held.flow().begin_new_passkey(&held.case, held.browser).await;
        let begun = begun.map_err(|error| held.failed(&error))?;
        let body = NewPasskeyDialog {
            dialog: begun.key.reveal().expose().clone(),
            options: serde_json::from_str(&begun.options).map_err(|_| Problem::from(Kind::Broken))?,
            expires: held.visit.at.plus_ms(DIALOG_MS).to_string(),
        };
        Ok(Reply::json(StatusCode::CREATED, &body))
    })
    .await
}

/// Bind a new passkey
///
/// A dialog is answered once, well or badly; after a bad answer begin another.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/passkey", tag = "enrollment", operation_id = "bind_passkey", request_body = NewPasskey, security(("case_key" = [])),
    responses((status = 202, description = "It is taken.", body = CaseView)))]
pub async fn passkey(call: Call<Held, NewPasskey>) -> Answer {
    call.once(|call| async move {
        let Call { caller: held, input, .. } = call;
        binds(&held, Method::Passkey)?;
        let dialog = key(&input.dialog)?;
        let label = label(input.name.as_deref(), &held.visit.browser_label());
        let credential = Value::Object(input.credential).to_string();
        let made = held.flow().finish_enrollment(&held.case, held.browser, (&dialog, &credential), &label).await;
        let record = made.map_err(|error| held.failed(&error))?.ok_or(Problem::from(Kind::NotConfirmed))?;
        bound(&held, &record).await
    })
    .await
}

/// An authenticator app to set up.
#[derive(Serialize, ToSchema)]
pub struct NewApp {
    /// The key of the dialog, for the first code.
    dialog: String,
    /// What a picture of squares would hold: `otpauth://totp/…`. It is a secret like the seed.
    #[schema(format = Password, example = "otpauth://totp/Northwind:mike?secret=…&issuer=Northwind")]
    address: String,
    /// The seed for typing, in groups of four.
    #[schema(format = Password)]
    seed: String,
    /// The name that the app will show.
    #[schema(example = "mike")]
    account: String,
    /// When the dialog ends.
    #[schema(format = DateTime)]
    expires: String,
}

/// The first code of an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstCode {
    /// The key of the dialog, as it came with what was asked for.
    #[schema(format = Password, write_only)]
    dialog: String,
    /// The digits.
    #[schema(format = Password, write_only, pattern = "^[0-9]{6}$")]
    code: String,
}
impl Input for FirstCode {}

impl FirstCode {
    /// What has not even the form costs no try.
    pub fn read(self) -> Result<(crate::token::Token, String), Problem> {
        Ok((key(&self.dialog)?, six_digits(self.code)?))
    }
}

/// Ask for a new app's seed
///
/// It is bound to nothing before its first code has come back. Each request makes another one; with an `Idempotency-Key` the same is shown
/// again for ten minutes.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/totp/seed", tag = "enrollment", operation_id = "begin_new_app", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 201, description = "What to set up.", body = NewApp)))]
pub async fn totp_seed(call: Call<Held, Nothing>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let held = call.caller;
        let issuer = &held.visit.portal.site.organization;
        let begun = held.flow().app_setup(&held.case, held.browser, None, issuer).await;
        let (setup, dialog) = begun.map_err(|error| held.failed(&error))?;
        let dialog = dialog.ok_or(Problem::from(Kind::Broken))?;
        let body = NewApp {
            dialog: dialog.reveal().expose().clone(),
            address: setup.address.expose().clone(),
            seed: setup.manual_key.expose().clone(),
            account: setup.account,
            expires: held.visit.at.plus_ms(DRAFT_MS).to_string(),
        };
        Ok(Reply::json(StatusCode::CREATED, &body))
    })
    .await
}

/// Bind a new app by its first code
///
/// The code that showed that it was set up proves nothing afterwards.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/totp", tag = "enrollment", operation_id = "bind_app", request_body = FirstCode, security(("case_key" = [])),
    responses((status = 202, description = "It is taken.", body = CaseView)))]
pub async fn totp(call: Call<Held, FirstCode>) -> Answer {
    call.once(|call| async move {
        let Call { caller: held, input, .. } = call;
        binds(&held, Method::Totp)?;
        let (dialog, code) = input.read()?;
        let label = held.visit.shell().t(k("me-app")).to_string();
        let made = held.flow().confirm_app(&held.case, held.browser, (&dialog, &code), &label).await;
        let record = made.map_err(|error| held.failed(&error))?.ok_or(Problem::from(Kind::NotConfirmed))?;
        bound(&held, &record).await
    })
    .await
}

/// What to call a program or browser that becomes known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// What to call it. The name of the browser if it is absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 60, example = "Build machine")]
    name: Option<String>,
}
impl Input for NewDevice {
    const MAY_BE_EMPTY: bool = true;
}

/// A program or browser that becomes known.
#[derive(Serialize, ToSchema)]
pub struct NewDeviceKey {
    /// What it keeps, for `known_device` in a later case. Handed out once; it counts when the case is done and its time has come.
    #[schema(pattern = "^kw_[0-9a-hjkmnp-tv-z]{53}$")]
    key: String,
    /// The case. Not there if it could not be read; it was taken all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    case: Option<CaseView>,
}

/// Bind this program as known
///
/// Send an `Idempotency-Key`, so that an answer that is lost on the way can be had again.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/known_device", tag = "enrollment", operation_id = "bind_known_device", request_body = Option<NewDevice>, security(("case_key" = [])),
    responses((status = 202, description = "It is taken.", body = NewDeviceKey)))]
pub async fn known_device(call: Call<Held, NewDevice>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let Call { caller: held, input, .. } = call;
        let label = label(input.name.as_deref(), &held.visit.browser_label());
        let (made, record) = held.flow().new_device(&held.case, &label).map_err(|error| held.failed(&error))?;
        let acted = held.flow().bind(&held.case, &record).await.map_err(|error| held.failed(&error))?;
        // What fails behind the commit keeps nobody from having the key, which is nowhere else.
        let case = held.view(&acted.get().case).await.ok();
        Ok(Reply::json(StatusCode::ACCEPTED, &NewDeviceKey { key: made.reveal().expose().clone(), case }))
    })
    .await
}

/// A sheet of codes that is being bound.
#[derive(Serialize, ToSchema)]
pub struct NewSheet {
    /// The key under which its codes are shown, once, when they work.
    dialog: String,
    /// Until when they can be shown.
    #[schema(format = DateTime)]
    expires: String,
    /// The case. Not there if it could not be read; it was taken all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    case: Option<CaseView>,
}

/// Whose sheet to show.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetAsked {
    /// The key that came when the sheet was bound.
    #[schema(format = Password, write_only)]
    dialog: String,
}
impl Input for SheetAsked {}

/// Codes that work.
#[derive(Serialize, ToSchema)]
pub struct Sheet {
    /// The codes as they are printed. Each counts once.
    #[schema(format = Password)]
    codes: Vec<String>,
    /// When they were made.
    #[schema(format = DateTime)]
    made: String,
}

impl Sheet {
    fn of(codes: &BoundCodes) -> Self {
        let printed = codes.printed.iter().map(|code| code.expose().clone());
        Self { codes: printed.collect(), made: codes.made.to_string() }
    }
}

/// Bind a new sheet of codes
///
/// It takes the place of the one before. No code is shown before the sheet is bound: a sheet that was shown first and never bound would lie in a
/// drawer for years and open nothing. Ask for the codes when the case is done, within half an hour.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/recovery_code", tag = "enrollment", operation_id = "bind_recovery_codes", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 202, description = "It is taken.", body = NewSheet)))]
pub async fn recovery_code(call: Call<Held, Nothing>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let held = call.caller;
        let label = held.visit.shell().t(k("me-codes")).to_string();
        let taken = held.flow().bind_sheet(&held.case, held.browser, &label).await;
        let (dialog, acted) = taken.map_err(|error| held.failed(&error))?;
        let body = NewSheet {
            dialog: dialog.reveal().expose().clone(),
            expires: held.visit.at.plus_ms(DRAFT_MS).to_string(),
            case: held.view(&acted.get().case).await.ok(),
        };
        Ok(Reply::json(StatusCode::ACCEPTED, &body))
    })
    .await
}

/// Show the codes of a new sheet
///
/// Once: whoever asks first has them. Send an `Idempotency-Key`, so that an answer that is lost on the way can be had again within ten minutes.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/recovery_code/sheet", tag = "enrollment", operation_id = "show_recovery_codes", request_body = SheetAsked, security(("case_key" = [])),
    responses((status = 200, description = "The codes.", body = Sheet)))]
pub async fn sheet(call: Call<Held, SheetAsked>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let Call { caller: held, input, .. } = call;
        let dialog = key(&input.dialog)?;
        match State::of(&held.case) {
            State::Done => {}
            State::Stopped => return Err(Kind::Over.into()),
            State::Prove | State::Wait | State::New | State::Working => return Err(Kind::WrongStep.into()),
        }
        shown(&held, &dialog).await
    })
    .await
}

/// Get a new recovery code for the one that was used
///
/// When a recovery code was a proof in this case, a new one takes its place on the sheet: once, when the case is done, within an hour of the
/// change (NIST SP 800-63B-4, 4.2.1.1). Send an `Idempotency-Key`, so that an answer that is lost on the way can be had again within ten minutes.
#[utoipa::path(post, path = "/api/v1/cases/{reference}/enrollment/recovery_code/replacement", tag = "enrollment", operation_id = "replace_recovery_code", request_body = Option<Nothing>, security(("case_key" = [])),
    responses((status = 200, description = "The one code.", body = Sheet)))]
pub async fn replacement(call: Call<Held, Nothing>) -> Answer {
    call.once_for(KEEP_KEY_MS, |call| async move {
        let held = call.caller;
        let made = held.flow().replace_code(&held.case, held.browser).await;
        let (dialog, codes) = made.map_err(|error| held.failed(&error))?;
        // It counts, and whoever asks again makes another: what fails from here on keeps nobody from having it.
        drop(held.flow().take_codes(&held.case, held.browser, &dialog).await);
        Ok(Reply::json(StatusCode::OK, &Sheet::of(&codes)))
    })
    .await
}

async fn shown(held: &Held, dialog: &crate::token::Token) -> Result<Reply, Problem> {
    let shown = held.flow().take_codes(&held.case, held.browser, dialog).await;
    let codes = shown.map_err(|error| held.failed(&error))?.ok_or(Problem::from(Kind::ShownOnce))?;
    Ok(Reply::json(StatusCode::OK, &Sheet::of(&codes)))
}
