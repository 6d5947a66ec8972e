//! Every sentence a person can see, in the languages this server speaks, and how each language writes times and numbers.
//!
//! The Fluent files in `locales/` are compiled into the binary and parsed once. There is no sentence in this file and
//! no rule about who gets which language beyond [`Lang::choose`]; reading a clock or a request is the caller's part.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::tz::TimeZone;
use keyward_core::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use unic_langid::LanguageIdentifier;

/// A language pages and mails are written in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Lang {
    /// English, American spelling.
    #[default]
    En,
    /// German, formal address.
    De,
    /// English with accents, a third longer, written from right to left. Debug builds only: it finds text that does not
    /// come from the catalog and boxes that are too small (UX-53).
    Pseudo,
}

impl Lang {
    /// The languages a person may choose, in the order of the chooser.
    pub const CHOICE: &'static [Self] =
        if cfg!(debug_assertions) { &[Self::En, Self::De, Self::Pseudo] } else { &[Self::En, Self::De] };

    /// The value of `lang=` (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Pseudo => "ar-XB",
        }
    }

    /// The value of `dir=`.
    pub const fn dir(self) -> &'static str {
        match self {
            Self::En | Self::De => "ltr",
            Self::Pseudo => "rtl",
        }
    }

    /// The language a tag asks for; `de-AT` is German. `None` if this server does not speak it.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim();
        let same = |lang: &Self| lang.tag().eq_ignore_ascii_case(tag);
        let primary = tag.split('-').next().unwrap_or(tag);
        Self::CHOICE.iter().copied().find(same).or_else(|| {
            let plain = |lang: &Self| lang.tag().eq_ignore_ascii_case(primary);
            Self::CHOICE.iter().copied().find(plain)
        })
    }

    /// The `lang` cookie, else `Accept-Language` (RFC 9110 12.5.4), else the site's own.
    pub fn choose(cookie: Option<&str>, accept: Option<&str>, site: Self) -> Self {
        cookie.and_then(Self::from_tag).or_else(|| accept.and_then(best_accepted)).unwrap_or(site)
    }

    /// The text for a key, ready for arguments.
    pub fn t(self, key: impl Into<Key>) -> Text {
        Text { lang: self, key: key.into(), args: FluentArgs::new() }
    }

    /// `14:02 GMT`: the clock time with its zone (UX-11).
    pub fn clock(self, at: Timestamp, zone: &TimeZone) -> String {
        self.moment(k("time-clock"), at, zone)
    }

    /// `Saturday 21 November, 09:12 GMT` (UX-63).
    pub fn day_time(self, at: Timestamp, zone: &TimeZone) -> String {
        self.moment(k("time-day-clock"), at, zone)
    }

    /// `21 November 2026`.
    pub fn date(self, at: Timestamp, zone: &TimeZone) -> String {
        self.moment(k("time-date"), at, zone)
    }

    /// `14:02 GMT` if `at` is on the same day as `now` in that zone, else with the day.
    pub fn when(self, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
        let day = |t: Timestamp| zoned(t, zone).map(|z| z.date());
        if day(at).is_some() && day(at) == day(now) {
            self.moment(k("time-today"), at, zone)
        } else {
            self.day_time(at, zone)
        }
    }

    /// `10 minutes`, `2 hours`, `3 days`: rounded up in the largest unit that has at least two of it.
    pub fn duration(self, millis: i64) -> String {
        let (key, unit) = unit_of(millis);
        self.t(key).with("n", rounded(millis, unit)).to_string()
    }

    /// `in 18 hours` or `3 days ago`.
    pub fn relative(self, at: Timestamp, now: Timestamp) -> String {
        let away = at.since_ms(now);
        let key = match away {
            away if away.abs() < 5 * SECOND_MS => k("time-now"),
            away if away > 0 => k("time-in"),
            _ => k("time-ago"),
        };
        let (unit_key, unit) = unit_of(away);
        let n = rounded(away, unit);
        let span = match (key == k("time-ago"), unit_key == k("time-days")) {
            // German says `vor 3 Tagen` and `in 3 Tagen`, but `3 Tage`.
            (_, true) => self.t("time-days-away").with("n", n),
            _ => self.t(unit_key).with("n", n),
        };
        self.t(key).with("span", span.to_string()).to_string()
    }

    fn moment(self, key: Key, at: Timestamp, zone: &TimeZone) -> String {
        let Some(local) = zoned(at, zone) else {
            return at.to_string();
        };
        let zone_name = local.strftime("%Z").to_string();
        let text = self
            .t(key)
            // Selectors match numbers by number: a month as text would always be December.
            .with("clock", local.strftime("%H:%M").to_string())
            .with("zone", self.t("time-zone").with("zone", zone_name).to_string())
            .with("weekday", i64::from(local.weekday().to_monday_one_offset()))
            .with("day", local.day().to_string())
            .with("month", i64::from(local.month()))
            .with("year", local.year().to_string());
        text.to_string()
    }
}

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<jiff::Zoned> {
    let moment = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    Some(moment.to_zoned(zone.clone()))
}

fn unit_of(millis: i64) -> (Key, i64) {
    match millis.saturating_abs() {
        span if span < 2 * MINUTE_MS && span % MINUTE_MS != 0 => (k("time-seconds"), SECOND_MS),
        span if span < 2 * HOUR_MS => (k("time-minutes"), MINUTE_MS),
        span if span < 2 * DAY_MS => (k("time-hours"), HOUR_MS),
        _ => (k("time-days"), DAY_MS),
    }
}

fn rounded(millis: i64, unit: i64) -> i64 {
    (millis.saturating_abs().saturating_add(unit / 2) / unit).max(1)
}

/// The first language of `Accept-Language` that this server speaks, by weight and then by order.
fn best_accepted(header: &str) -> Option<Lang> {
    let mut wanted: Vec<(u16, Lang)> = header
        .split(',')
        .filter_map(|part| {
            let mut fields = part.split(';');
            let lang = Lang::from_tag(fields.next()?)?;
            let weight = fields
                .find_map(|field| field.trim().strip_prefix("q="))
                .map_or(Some(1.0), |q| q.trim().parse::<f32>().ok())?;
            let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
            (weight > 0).then_some((weight, lang))
        })
        .collect();
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wanted.first().map(|(_, lang)| *lang)
}

/// The name of a text in the catalog. Written as `k("find-title")`, so that a test can find every key in the source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(pub &'static str);

/// Names a text of the catalog.
pub const fn k(key: &'static str) -> Key {
    Key(key)
}

impl From<&'static str> for Key {
    fn from(key: &'static str) -> Self {
        Self(key)
    }
}

impl From<&Self> for Key {
    fn from(key: &Self) -> Self {
        *key
    }
}

impl From<&&Self> for Key {
    fn from(key: &&Self) -> Self {
        **key
    }
}

/// What can stand in a text. References of references too, because that is what templates hand over.
pub trait Arg {
    /// The value as the catalog takes it.
    fn value(&self) -> FluentValue<'static>;
}

macro_rules! args {
    ($($number:ty),*) => {$(
        impl Arg for $number {
            fn value(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        }
    )*};
}
args!(u8, u16, u32, u64, usize, i64);

impl Arg for str {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}
impl Arg for String {
    fn value(&self) -> FluentValue<'static> {
        self.as_str().value()
    }
}
impl Arg for Text {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_string())
    }
}
impl<T: Arg + ?Sized> Arg for &T {
    fn value(&self) -> FluentValue<'static> {
        (**self).value()
    }
}

/// A text of the catalog with its arguments; prints as the finished sentence.
pub struct Text {
    lang: Lang,
    key: Key,
    args: FluentArgs<'static>,
}

impl Text {
    /// Fills `{ $name }`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Arg) -> Self {
        self.args.set(name, value.value());
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&CATALOG.text(self.lang, self.key, &self.args))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.lang.tag(), self.key.0)
    }
}

macro_rules! catalog {
    ($($file:literal),* $(,)?) => {
        /// The English files, in the order they are loaded.
        const EN: &[(&str, &str)] = &[$(($file, include_str!(concat!("../locales/en/", $file, ".ftl")))),*];
        /// The German files, in the same order.
        const DE: &[(&str, &str)] = &[$(($file, include_str!(concat!("../locales/de/", $file, ".ftl")))),*];
    };
}
catalog!("shell", "recover", "outcome", "link", "me", "mail", "info", "demo", "setup");

struct Catalog {
    en: FluentBundle<FluentResource>,
    de: FluentBundle<FluentResource>,
    pseudo: FluentBundle<FluentResource>,
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut pseudo = bundle("en", EN);
    pseudo.set_transform(Some(pseudo_text));
    Catalog { en: bundle("en", EN), de: bundle("de", DE), pseudo }
});

impl Catalog {
    fn text(&self, lang: Lang, key: Key, args: &FluentArgs<'_>) -> String {
        let bundle = match lang {
            Lang::En => &self.en,
            Lang::De => &self.de,
            Lang::Pseudo => &self.pseudo,
        };
        let found = |from: &FluentBundle<FluentResource>| {
            let pattern = from.get_message(key.0)?.value()?;
            let mut missing = Vec::new();
            let text = from.format_pattern(pattern, Some(args), &mut missing);
            Some(text.into_owned())
        };
        // A test holds that every key exists everywhere; the key itself is the last resort, never an empty page.
        found(bundle).or_else(|| found(&self.en)).unwrap_or_else(|| key.0.to_owned())
    }
}

fn bundle(tag: &str, files: &[(&str, &str)]) -> FluentBundle<FluentResource> {
    let id: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Isolation marks would be copied along with codes and references; `<bdi>` and `dir` do that work in pages.
    bundle.set_use_isolating(false);
    for (_, source) in files {
        // A file that does not parse fails a test; what did parse is still better than no page.
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(whole) | Err((whole, _)) => whole,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// Accents, and a third longer: `Continue` becomes `Çóñţîñüé·–`.
fn pseudo_text(text: &str) -> Cow<'_, str> {
    const FROM: &str = "aceinostuyACEINOSTUY";
    const TO: &str = "åçéîñóšţüýÅÇÉÎÑÓŠŢÜÝ";
    let swap = |c: char| {
        let place = FROM.chars().position(|from| from == c);
        place.and_then(|at| TO.chars().nth(at)).unwrap_or(c)
    };
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let mut out: String = text.chars().map(swap).collect();
    out.extend(std::iter::repeat_n('~', letters / 3));
    Cow::Owned(out)
}

#[cfg(test)]
#[path = "i18n_tests.rs"]
mod tests;
