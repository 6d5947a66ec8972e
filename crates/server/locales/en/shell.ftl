# What is around every page, and how times are written.
product = Keyward
lang-self = English
lang-label = Language
skip = Skip to main content
title-error = Error: { $title }
error-word = Error:
problem-title = There is a problem
demo-strip = Demonstration. No real account changes.
demo-strip-link = See who you can be
nav-label = Main
foot-label = About this service
sign-out = Sign out
back = Back
continue = Continue
or = or
help-title = Help
help-call = Call the service desk on { $phone }
help-hours-every = Every day { $opens } to { $closes }
help-hours-working = Monday to Friday { $opens } to { $closes }
help-place = Or go to { $place }
foot-help = Get help
foot-how = How we check it is you
foot-accessibility = Accessibility
foot-privacy = Privacy
step-classify = Find the account
step-verify = Prove it is you
step-authorize = Get the go-ahead
step-reissue = Set a new way in
step-review = Check it over
cut-done = done
cut-now = you are here
cut-waiting = waiting
cut-stopped = stopped
cut-todo = not started
bit-label = Steps of this case
bit-now = Step { $number } of 5: { $name }
rail-title = Your case
rail-unchanged = This case has changed nothing on the account yet.
rail-changed = The account has changed.
rail-reference = Keep this number. It opens nothing by itself.
time-zone = { $zone }
time-clock = { $clock } { $zone }
time-today = { $clock } { $zone } today
time-day-clock = { time-weekday } { $day } { time-month }, { $clock } { $zone }
time-date = { $day } { time-month } { $year }
time-weekday =
    { $weekday ->
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
        [6] Saturday
       *[7] Sunday
    }
time-month =
    { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
time-now = now
time-in = in { $span }
time-ago = { $span } ago
time-seconds =
    { $n ->
        [one] 1 second
       *[other] { $n } seconds
    }
time-minutes =
    { $n ->
        [one] 1 minute
       *[other] { $n } minutes
    }
time-hours =
    { $n ->
        [one] 1 hour
       *[other] { $n } hours
    }
time-days =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
time-days-away =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    }
live-pause = Stop live updates
live-resume = Start live updates
live-refresh = This page loads again every { $seconds } seconds.
live-refresh-off = Turn that off
live-refresh-now = Look again
look-again = Look again now
not-me = This was not me
never-ask = Nobody from the service desk will ever ask you for a link or a code. If someone does, hang up.
