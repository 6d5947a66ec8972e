//! What the site decided about lives, ages, hours and classes, as the flow needs it. Made from the configuration, and by tests and the demonstration directly.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use keyward_core::{
    account::Class,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp},
};

/// Lives, ages, hours and classes.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How long a mailed link and code live. At most a day (N-08); ten minutes unless said otherwise.
    pub mail_ms: i64,
    /// How long a proof counts before the identity is shown (R14, the working session).
    pub proof_ms: i64,
    /// How often a proof of one kind may be tried in one case (STANDARDS 11: at most 10).
    pub tries: u32,
    /// How long a person stays signed in to "my ways back in" without doing anything.
    pub idle_ms: i64,
    /// How long after it was typed a wrong name or password is refused: longer than a directory takes for either.
    pub refusal_ms: i64,
    /// Within how long a name is looked up behind its start, at a moment that chance chooses. The look-up of somebody takes longer than that of nobody and
    /// holds up whatever comes next: right behind the start, that told whether the name is an account (T-C02).
    pub look_up_ms: i64,
    /// How long a person stays signed in at all.
    pub session_ms: i64,
    /// How soon a message may be asked for again, and how often (UX-16).
    pub resend_ms: i64,
    /// How many messages one case may cause.
    pub messages: u32,
    /// How often cases may be opened.
    pub starts: Starts,
    /// How often six digits may be guessed at.
    pub guesses: Guesses,
    /// How many messages strangers may cause.
    pub mails: Mails,
    /// How many jobs run at once in one process.
    pub places: usize,
    /// How long a new way back in waits before it may be used, by class (M103).
    pub quarantine: Quarantine,
    /// When the organization is at work.
    pub hours: Hours,
    /// Which group makes which class.
    pub classes: Classes,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            mail_ms: 10 * MINUTE_MS,
            proof_ms: 15 * MINUTE_MS,
            tries: 5,
            idle_ms: 15 * MINUTE_MS,
            refusal_ms: 1_500,
            look_up_ms: 400,
            session_ms: HOUR_MS,
            resend_ms: 30 * SECOND_MS,
            messages: 3,
            starts: Starts::default(),
            guesses: Guesses::default(),
            mails: Mails::default(),
            places: 8,
            quarantine: Quarantine::default(),
            hours: Hours::default(),
            classes: Classes::default(),
        }
    }
}

/// How often cases may be opened.
#[derive(Clone, Copy, Debug)]
pub struct Starts {
    /// For one name from one network in an hour, whether or not there is such an account.
    pub per_name_hour: u32,
    /// From one network in an hour.
    pub per_network_hour: u32,
}

impl Default for Starts {
    fn default() -> Self {
        Self { per_name_hour: 5, per_network_hour: 30 }
    }
}

/// How often six digits of one kind may be tried for one account, in all its cases together.
#[derive(Clone, Copy, Debug)]
pub struct Guesses {
    /// In a day.
    pub per_day: u32,
    /// In a year: no more than a factor takes over its life (N-30).
    pub per_year: u32,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { per_day: 10, per_year: 100 }
    }
}

/// How many messages of a kind somebody who has proved nothing may cause to one address (T-D10).
#[derive(Clone, Copy, Debug)]
pub struct Mails {
    /// In an hour.
    pub per_hour: u32,
    /// In a day.
    pub per_day: u32,
}

impl Default for Mails {
    fn default() -> Self {
        Self { per_hour: 3, per_day: 10 }
    }
}

/// How long a new way back in waits before it may be used as proof.
#[derive(Clone, Debug)]
pub struct Quarantine {
    /// For the standard class, if it is no address.
    pub standard_ms: i64,
    /// For an address (MISSION 1.Y), and for everything in the classes above.
    pub by_class_ms: BTreeMap<Class, i64>,
}

impl Default for Quarantine {
    fn default() -> Self {
        Self { standard_ms: 72 * HOUR_MS, by_class_ms: BTreeMap::from([(Class::Standard, 7 * DAY_MS)]) }
    }
}

impl Quarantine {
    /// How long something new of that kind waits.
    pub fn of(&self, class: Class, address: bool) -> i64 {
        match (class, address) {
            (Class::Standard, false) => self.standard_ms,
            _ => self.by_class_ms.get(&class).copied().unwrap_or(30 * DAY_MS),
        }
    }
}

/// Business hours: the same on each working day, in one time zone.
#[derive(Clone, Debug)]
pub struct Hours {
    /// Where.
    pub zone: TimeZone,
    /// First minute of the day, counted from midnight.
    pub opens_min: u16,
    /// First minute after work.
    pub closes_min: u16,
    /// Monday to Sunday.
    pub days: [bool; 7],
}

impl Default for Hours {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            opens_min: 8 * 60,
            closes_min: 18 * 60,
            days: [true, true, true, true, true, false, false],
        }
    }
}

impl Hours {
    /// Whether the organization is at work at that moment. A moment that no calendar knows is not.
    pub fn at_work(&self, at: Timestamp) -> bool {
        let Ok(moment) = jiff::Timestamp::from_millisecond(at.millis()) else { return false };
        let local = moment.to_zoned(self.zone.clone());
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(usize::MAX);
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        self.days.get(day).copied().unwrap_or(false)
            && (i32::from(self.opens_min)..i32::from(self.closes_min)).contains(&minute)
    }

    /// When work next begins. None if it is going on, or never does.
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        if self.at_work(at) {
            return None;
        }
        let moment = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
        let today = moment.to_zoned(self.zone.clone()).date();
        let hour = i8::try_from(self.opens_min / 60).ok()?;
        let minute = i8::try_from(self.opens_min % 60).ok()?;
        (0..=7i64).find_map(|days| {
            let day = today.checked_add(jiff::Span::new().days(days)).ok()?;
            let opens = day.at(hour, minute, 0, 0).to_zoned(self.zone.clone()).ok()?;
            let opens = Timestamp::from_millis(opens.timestamp().as_millisecond());
            (opens > at && self.at_work(opens)).then_some(opens)
        })
    }
}

/// Groups of the directory and the classes they make, in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    /// Group as the directory writes it, and the class of its members.
    pub rules: Vec<(String, Class)>,
    /// The class of those in none of them. None: unclassified, which is treated as the strictest.
    pub otherwise: Option<Class>,
}

impl Classes {
    /// The strictest class that any group gives, and the rule that gave it.
    pub fn of(&self, groups: &[String]) -> (Class, String) {
        let held = |rule: &&(String, Class)| groups.iter().any(|group| group.eq_ignore_ascii_case(&rule.0));
        let strictest = self.rules.iter().filter(held).max_by_key(|rule| rule.1);
        match (strictest, self.otherwise) {
            (Some((group, class)), _) => (*class, format!("group:{group}")),
            (None, Some(class)) => (class, "otherwise".to_owned()),
            (None, None) => (Class::Admin, "unclassified".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn m110_business_hours_follow_the_local_clock_and_the_week() {
        let hours = Hours { zone: TimeZone::get("Europe/London").unwrap(), ..Hours::default() };
        for (text, open, next) in [
            ("2026-11-20T08:00:00Z", true, None),
            ("2026-11-20T17:59:59Z", true, None),
            ("2026-11-20T18:00:00Z", false, Some("2026-11-23T08:00:00Z")),
            ("2026-11-20T07:59:59Z", false, Some("2026-11-20T08:00:00Z")),
            // In July London is an hour ahead of UTC.
            ("2026-07-20T07:30:00Z", true, None),
            ("2026-07-19T12:00:00Z", false, Some("2026-07-20T07:00:00Z")),
        ] {
            assert_eq!(hours.at_work(moment(text)), open, "{text}");
            assert_eq!(hours.next(moment(text)), next.map(moment), "{text}");
        }
        let never = Hours { days: [false; 7], ..Hours::default() };
        assert_eq!(never.next(moment("2026-11-20T08:00:00Z")), None);
    }

    #[test]
    fn m21_the_strictest_group_decides_and_nobody_is_nothing() {
        let classes = Classes {
            rules: vec![
                ("staff".into(), Class::Standard),
                ("admins".into(), Class::Admin),
                ("pay".into(), Class::Finance),
            ],
            otherwise: None,
        };
        let of = |groups: &[&str]| classes.of(&groups.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["staff", "pay"]), (Class::Finance, "group:pay".into()));
        assert_eq!(of(&["pay", "ADMINS"]), (Class::Admin, "group:admins".into()));
        assert_eq!(of(&["staff"]), (Class::Standard, "group:staff".into()));
        assert_eq!(of(&[]), (Class::Admin, "unclassified".into()));
    }
}
