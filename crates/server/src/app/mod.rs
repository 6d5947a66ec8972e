//! Where things are put together: keys, store, flow, worker, pages. Nothing imports it but the command line.
//!
//! [`open`] opens what the configuration names, [`directory`] and [`letters`] fit modules to each other that do not know each other, [`serve`] listens,
//! [`clock`] looks whether this machine's is right, [`supervisor`] tells systemd.

pub mod clock;
pub mod directory;
pub mod letters;
pub mod open;
pub mod serve;
pub mod supervisor;

use std::{collections::BTreeMap, sync::Arc};

use keyward_core::{account::Class, log::note::Signer, policy::Policy};

use crate::{
    channels::Channel,
    config::{Config, keys::ContactAge},
    connectors::Directory,
    ctx::Ctx,
    flow::Flow,
    jobs::{Worker, beat::Beat, letters::Letters},
    methods::passkey::RelyingParty,
    metrics::Metrics,
    seal::{DigestKey, OpenKey, SealKey, Vault},
    store::{Store, StoreError, check::Round, sign::Memory},
    terms::{Classes, Hours, Mails, Quarantine, Starts, Terms},
    web::shell::{Days, DeskHours, HelpPoint, Site},
};

/// What a flow is made of.
pub struct FlowParts {
    /// Clock and randomness.
    pub ctx: Ctx,
    /// The database, migrated.
    pub store: Store,
    /// The gate.
    pub policy: Arc<Policy>,
    /// Lives, ages, hours and classes.
    pub terms: Terms,
    /// Seals what lies in the database.
    pub vault: Vault,
    /// Makes digests under a key.
    pub digests: DigestKey,
    /// Seals what only the worker may open.
    pub seal: SealKey,
    /// This site, as passkeys know it.
    pub party: RelyingParty,
}

/// Puts the flow together, and its policy into the database, so that a bundle can bring the text (R51).
pub async fn flow(parts: FlowParts) -> Result<Arc<Flow>, StoreError> {
    parts.store.put_policy(parts.policy.source(), parts.ctx.now()).await?;
    Ok(Arc::new(Flow {
        ctx: parts.ctx,
        store: parts.store,
        policy: parts.policy,
        terms: parts.terms,
        vault: parts.vault,
        digests: parts.digests,
        seal: parts.seal,
        party: parts.party,
        bell: Arc::default(),
        metrics: Metrics::default(),
    }))
}

/// What only a worker may hold.
pub struct WorkerParts {
    /// The directories, in the order in which names are looked up.
    pub directories: Vec<Arc<dyn Directory>>,
    /// Opens what was sealed.
    pub open: OpenKey,
    /// Sends messages.
    pub channel: Option<Arc<dyn Channel>>,
    /// Writes messages.
    pub letters: Arc<dyn Letters>,
    /// Signs the log.
    pub signer: Signer,
    /// Remembers what was signed.
    pub memory: Memory,
}

/// Puts the worker together.
pub fn worker(flow: &Arc<Flow>, parts: WorkerParts) -> Arc<Worker> {
    Arc::new(Worker {
        flow: Arc::clone(flow),
        directories: parts.directories,
        open: parts.open,
        channel: parts.channel,
        letters: parts.letters,
        signer: parts.signer,
        memory: parts.memory,
        round: Round::default(),
        beat: Beat::default(),
    })
}

/// What the pages say about the organization.
pub fn site(config: &Config, organization: &str, demo: bool) -> Site {
    let server = &config.server;
    let help = if demo {
        demo_help()
    } else {
        HelpPoint {
            phone: server.help_phone.clone(),
            hours: server.help_hours.clone().map(DeskHours::Said),
            place: server.help_place.clone(),
        }
    };
    Site {
        organization: organization.to_owned(),
        public_url: server.public_url.origin(),
        help,
        zone: config.policy.timezone.zone().clone(),
        demo,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// The service desk of the made-up company.
fn demo_help() -> HelpPoint {
    HelpPoint {
        phone: Some("555 0100".to_owned()),
        hours: Some(DeskHours::From(Days::Working, "08:00", "18:00")),
        place: None,
    }
}

/// Lives, ages, hours and classes, as configured.
pub fn terms(config: &Config) -> Terms {
    let hours = &config.policy.business_hours;
    Terms {
        mail_ms: config.limits.link_minutes.millis().min(config.limits.code_minutes.millis()),
        proof_ms: config.limits.working_minutes.millis(),
        tries: config.limits.tries_per_case.get(),
        idle_ms: config.sessions.idle_minutes.millis(),
        session_ms: config.sessions.absolute_minutes.millis(),
        starts: Starts {
            per_name_hour: config.limits.starts_per_name_hour.get(),
            per_network_hour: config.limits.starts_per_network_hour.get(),
        },
        mails: Mails {
            per_hour: config.limits.messages_per_address_hour.get(),
            per_day: config.limits.messages_per_address_day.get(),
        },
        places: config.worker.threads.size(),
        quarantine: Quarantine {
            standard_ms: config.contacts.quarantine_hours.millis(),
            by_class_ms: ages(&config.contact_age),
        },
        hours: Hours {
            zone: config.policy.timezone.zone().clone(),
            opens_min: hours.opens_min(),
            closes_min: hours.closes_min(),
            days: hours.week(),
        },
        classes: classes(config),
        ..Terms::default()
    }
}

fn ages(days: &ContactAge) -> BTreeMap<Class, i64> {
    let each = [
        (Class::Standard, days.standard),
        (Class::Finance, days.finance),
        (Class::Hr, days.hr),
        (Class::Executive, days.executive),
        (Class::Admin, days.admin),
        (Class::Machine, days.machine),
    ];
    each.map(|(class, days)| (class, days.millis())).into()
}

fn classes(config: &Config) -> Classes {
    let classes = &config.classes;
    let listed = [
        (&classes.standard, Class::Standard),
        (&classes.finance, Class::Finance),
        (&classes.hr, Class::Hr),
        (&classes.executive, Class::Executive),
        (&classes.admin, Class::Admin),
        (&classes.machine, Class::Machine),
    ];
    let rules = listed.iter().flat_map(|(groups, class)| groups.iter().map(|group| (group.clone(), *class)));
    Classes { rules: rules.collect(), otherwise: None }
}

/// Host and port of an address, as a browser names them in `Host`.
pub fn host(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use keyward_core::time::{DAY_MS, HOUR_MS};

    use super::*;
    use crate::config::{Environment, FileSource, Sources, load};

    #[test]
    fn m103_each_class_waits_as_long_as_is_configured_for_it() {
        let text = "[server]\npublic_url = \"https://reset.example.org\"\n[contacts]\nquarantine_hours = 30\n[contacts.age_days]\n\
            standard = 8\nfinance = 9\nhr = 10\nexecutive = 11\nadmin = 12\nmachine = 13\n";
        let file = FileSource::Text(Path::new("keyward.toml"), text);
        let environment = Environment::default();
        let loaded = load(&Sources { file, environment: &environment, flags: &[], demo: false }).unwrap();
        let waits = terms(&loaded.config).quarantine;
        assert_eq!(waits.of(Class::Standard, false), 30 * HOUR_MS);
        for (class, days) in [
            (Class::Standard, 8),
            (Class::Finance, 9),
            (Class::Hr, 10),
            (Class::Executive, 11),
            (Class::Admin, 12),
            (Class::Machine, 13),
        ] {
            assert_eq!(waits.of(class, true), days * DAY_MS, "an address of {class:?}");
            assert!(class == Class::Standard || waits.of(class, false) == days * DAY_MS, "{class:?}");
        }
    }
}
