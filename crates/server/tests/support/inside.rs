//! The product's own modules on an installation, and what they put there before anything is tried or measured: accounts, and what their people set up
//! long ago.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use keyward::{
    app::{self, FlowParts, open},
    config::{self, Config, Environment, FileSource, Sources},
    ctx::Ctx,
    flow::{Flow, NewRecord},
    methods::{passkey::RelyingParty, recovery_code::Sheet, totp::Seed},
    store::{
        accounts::{NewAccount, NewPassword},
        change::{Aside, Write},
        guard::Guard,
        people::{NewFactor, Person as Known},
    },
};
use keyward_core::{
    account::{AccountRef, Method},
    time::{DAY_MS, Timestamp},
};

/// The product's modules, put together from a configuration.
pub struct Inside {
    pub config: Config,
    pub flow: Arc<Flow>,
}

impl Inside {
    pub async fn of(file: &Path, environment: &BTreeMap<String, String>) -> Self {
        let ctx = Ctx::real();
        let environment: Environment = environment.clone().into_iter().collect();
        let sources = Sources { file: FileSource::At(file), environment: &environment, flags: &[], demo: false };
        let config = config::load(&sources).unwrap().config;
        let store = open::open_store(&config, &ctx).await.unwrap();
        store.migrate(ctx.now()).await.unwrap();
        let keys = open::data_keys(&config).unwrap();
        let parts = FlowParts {
            ctx,
            store,
            policy: Arc::new(open::policy(&config).unwrap().0),
            terms: app::terms(&config),
            vault: keys.vault,
            digests: keys.digests,
            seal: open::seal_key(&config).unwrap(),
            party: RelyingParty::new(config.server.public_url.url(), &config.server.organization).unwrap(),
        };
        Self { flow: app::flow(parts).await.unwrap(), config }
    }

    /// Gives the owner of an account what they set up long ago: a mailbox, an app and a sheet of codes.
    pub async fn set_up(&self, account: &str, own: &str) -> (Seed, Vec<String>) {
        let at = long_ago(&self.flow);
        let owner = owner(&self.flow, account, at).await;
        set_up(&self.flow, &owner, Some(own), at).await
    }
}

/// Long enough ago that nothing of then is in quarantine.
pub fn long_ago(flow: &Flow) -> Timestamp {
    flow.ctx.now().plus_ms(-100 * DAY_MS)
}

/// Puts an account into Keyward's own directory, by the id `id-NAME`.
pub async fn account(flow: &Flow, (name, group): (&str, &str), hash: &str, at: Timestamp) -> String {
    let id = format!("id-{name}");
    let mail = Some(format!("{name}@northwind.test"));
    let new = NewAccount { id: id.clone(), name: name.to_owned(), mail, display: name.to_owned(), created: at };
    assert!(flow.store.insert_account(&new).await.unwrap());
    flow.store.set_account_group(&id, group, true).await.unwrap();
    let first = NewPassword { hash: hash.to_owned(), expected: 0, must_change: false, keep: 1, at };
    flow.store.set_account_password(&id, &first).await.unwrap();
    id
}

/// The person whose account it is.
pub async fn owner(flow: &Flow, account: &str, at: Timestamp) -> Known {
    let known = Known {
        id: flow.ctx.id(at),
        account: AccountRef { directory: "main".to_owned(), id: account.to_owned() },
        salt: flow.ctx.salt(),
        language: None,
        blocked_until: None,
        created: at,
    };
    flow.store.ensure_person(&known).await.unwrap()
}

/// An app and a sheet of codes, and a mailbox of their own if they have one.
pub async fn set_up(flow: &Flow, owner: &Known, own: Option<&str>, at: Timestamp) -> (Seed, Vec<String>) {
    let (seed, sheet) = (Seed::new(flow.ctx.bytes()), Sheet::new(std::array::from_fn(|_| flow.ctx.bytes())));
    let printed = flow.ctx.id(at);
    let mailbox = own.map(|own| {
        let mut record = NewRecord::new(flow.ctx.id(at), "private", own.as_bytes());
        record.handle = Some(flow.address_handle(owner, own));
        (Method::Email, record)
    });
    let app = NewRecord::new(flow.ctx.id(at), "phone", seed.to_stored().expose());
    let codes = NewRecord::new(printed, "sheet", b"");
    let records = [(Method::Totp, app), (Method::RecoveryCode, codes)];
    let mut aside = Aside::default();
    for (method, record) in mailbox.into_iter().chain(records) {
        aside = aside.guard(Guard::NewFactor(NewFactor {
            id: record.id,
            person: owner.id,
            method,
            label: record.label.clone(),
            data: flow.lock_away(record.id, &record.data()).unwrap(),
            handle: record.handle,
            created: at,
            usable_from: at,
        }));
    }
    let digests = sheet.digests(&flow.digests, printed);
    flow.store.aside(aside.write(Write::PutRecoveryCodes { factor: printed, codes: digests })).await.unwrap();
    (seed, sheet.printed().iter().map(|code| code.expose().clone()).collect())
}
