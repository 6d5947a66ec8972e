# Was um jede Seite herum steht, und wie Zeiten geschrieben werden.
product = Keyward
lang-self = Deutsch
lang-label = Sprache
skip = Zum Inhalt springen
title-error = Fehler: { $title }
error-word = Fehler:
problem-title = Hier stimmt etwas nicht
demo-strip = Vorführung. Kein echtes Konto ändert sich.
demo-strip-link = Wer Sie hier sein können
nav-label = Hauptmenü
foot-label = Über diesen Dienst
sign-out = Abmelden
back = Zurück
continue = Weiter
or = oder
help-title = Hilfe
help-call = Rufen Sie den Service-Desk an: { $phone }
help-hours-every = Täglich { $opens } bis { $closes } Uhr
help-hours-working = Montag bis Freitag { $opens } bis { $closes } Uhr
help-place = Oder gehen Sie hierhin: { $place }
foot-help = Hilfe
foot-how = So prüfen wir, dass Sie es sind
foot-accessibility = Barrierefreiheit
foot-privacy = Datenschutz
step-classify = Konto finden
step-verify = Zeigen, dass Sie es sind
step-authorize = Freigabe erhalten
step-reissue = Neuen Zugang setzen
step-review = Nachsehen
cut-done = erledigt
cut-now = hier sind Sie
cut-waiting = wartet
cut-stopped = gestoppt
cut-todo = noch nicht begonnen
bit-label = Schritte dieses Falls
bit-now = Schritt { $number } von 5: { $name }
rail-title = Ihr Fall
rail-unchanged = Dieser Fall hat am Konto noch nichts geändert.
rail-changed = Das Konto hat sich geändert.
rail-reference = Heben Sie diese Nummer auf. Sie öffnet für sich allein nichts.
time-zone =
    { $zone ->
        [CET] MEZ
        [CEST] MESZ
        [EET] OEZ
        [EEST] OESZ
       *[other] { $zone }
    }
time-clock = { $clock } Uhr ({ $zone })
time-today = heute, { $clock } Uhr ({ $zone })
time-day-clock = { time-weekday }, { $day }. { time-month }, { $clock } Uhr ({ $zone })
time-date = { $day }. { time-month } { $year }
time-weekday =
    { $weekday ->
        [1] Montag
        [2] Dienstag
        [3] Mittwoch
        [4] Donnerstag
        [5] Freitag
        [6] Samstag
       *[7] Sonntag
    }
time-month =
    { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    }
time-now = jetzt
time-in = in { $span }
time-ago = vor { $span }
time-seconds =
    { $n ->
        [one] 1 Sekunde
       *[other] { $n } Sekunden
    }
time-minutes =
    { $n ->
        [one] 1 Minute
       *[other] { $n } Minuten
    }
time-hours =
    { $n ->
        [one] 1 Stunde
       *[other] { $n } Stunden
    }
time-days =
    { $n ->
        [one] 1 Tag
       *[other] { $n } Tage
    }
time-days-away =
    { $n ->
        [one] 1 Tag
       *[other] { $n } Tagen
    }
live-pause = Laufende Meldungen anhalten
live-resume = Laufende Meldungen fortsetzen
live-refresh = Diese Seite lädt alle { $seconds } Sekunden neu.
live-refresh-off = Das ausschalten
live-refresh-now = Noch einmal nachsehen
look-again = Jetzt nachsehen
not-me = Das war ich nicht
never-ask = Niemand vom Service-Desk fragt Sie je nach einem Link oder einem Code. Wenn doch, legen Sie auf.
