//! Business hours: days of the week and one span of the day, such as `mon-fri 08:00-18:00`.
//!
//! Not here: holidays, and the decision what a case may do outside of these hours, which is the policy's.

use jiff::civil::{DateTime, Weekday};
use serde_json::{Value, json};

use super::setting::{Complaint, Kind, Raw, Setting};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Days of the week, and minutes of the day from `opens` up to but not including `closes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessHours {
    days: Vec<Weekday>,
    opens: i32,
    closes: i32,
    text: String,
}

impl BusinessHours {
    /// Monday to Sunday.
    pub fn week(&self) -> [bool; 7] {
        DAYS.map(|(_, day)| self.days.contains(&day))
    }
    /// The first minute of the day, counted from midnight.
    pub fn opens_min(&self) -> u16 {
        u16::try_from(self.opens).unwrap_or_default()
    }
    /// The first minute after work.
    pub fn closes_min(&self) -> u16 {
        u16::try_from(self.closes).unwrap_or_default()
    }
    /// Is this local time in business hours?
    pub fn contains(&self, local: DateTime) -> bool {
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        self.days.contains(&local.weekday()) && (self.opens..self.closes).contains(&minute)
    }
}

impl Setting for BusinessHours {
    const KIND: Kind = Kind::new("string", "business hours");
    fn read(raw: &Raw) -> Result<Self, Complaint> {
        let text = raw.text()?;
        parse(text).ok_or_else(|| {
            Complaint::new(format!("`{text}` are not business hours"))
                .hint("write days, a space and hours, like mon-fri 08:00-18:00 or mon,wed,sat 09:00-12:30")
        })
    }
    fn shown(&self) -> Value {
        json!(self.text)
    }
}

fn parse(text: &str) -> Option<BusinessHours> {
    let (days, hours) = text.split_once(' ')?;
    let (opens, closes) = hours.trim().split_once('-')?;
    let (opens, closes) = (minute_of_day(opens)?, minute_of_day(closes)?);
    if opens >= closes {
        return None;
    }
    let mut set = Vec::new();
    for part in days.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (position(first)?, position(last)?);
        // `sat-mon` goes over the end of the week.
        let length = (last + 7 - first) % 7 + 1;
        set.extend(DAYS.iter().cycle().skip(first).take(length).map(|(_, day)| *day));
    }
    Some(BusinessHours { days: set, opens, closes, text: text.to_owned() })
}

fn position(name: &str) -> Option<usize> {
    DAYS.iter().position(|(short, _)| *short == name.to_ascii_lowercase())
}

/// `24:00` is the end of the day.
fn minute_of_day(text: &str) -> Option<i32> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits =
        |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i32>().ok())?;
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    (hour < 24 && minute < 60 || hour == 24 && minute == 0).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn business_hours_know_days_and_the_two_ends_of_the_day() {
        let week = parse("mon-fri 08:00-18:00").unwrap();
        let weekend = parse("sat-sun,wed 09:30-24:00").unwrap();
        for (hours, moment, open) in [
            (&week, "2026-11-20T08:00:00", true),
            (&week, "2026-11-20T07:59:59", false),
            (&week, "2026-11-20T17:59:59", true),
            (&week, "2026-11-20T18:00:00", false),
            (&week, "2026-11-21T12:00:00", false),
            (&weekend, "2026-11-22T23:59:59", true),
            (&weekend, "2026-11-18T09:30:00", true),
            (&weekend, "2026-11-19T12:00:00", false),
        ] {
            assert_eq!(hours.contains(at(moment)), open, "{moment}");
        }
        assert_eq!(parse("sat-mon 00:00-24:00").unwrap().days.len(), 3);
    }

    #[test]
    fn business_hours_refuse_what_is_not_a_time() {
        for text in [
            "",
            "mon",
            "mon 8-18",
            "mon 18:00-08:00",
            "mon 08:00-24:01",
            "moon 08:00-18:00",
            "mon- 08:00-18:00",
            "mon 08:00-08:00",
            "mon +8:00-18:00",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
