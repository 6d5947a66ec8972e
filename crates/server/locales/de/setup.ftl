# Das Einrichten eines neuen Servers, für den, der ihn gestartet hat.
setup-title = Diesen Server einrichten
setup-text = Noch hat niemand hier ein Konto. Legen Sie das erste an. Sie brauchen den Code, den der Server beim Start gezeigt hat.
setup-code = Code zum Einrichten
setup-code-hint = Sechs Gruppen aus Buchstaben und Zahlen. Er gilt einmal, 30 Minuten lang.
setup-code-wrong = Dieser Code geht nicht oder nicht mehr. Für einen neuen starten Sie den Server noch einmal
setup-name = Name zum Anmelden
setup-name-hint = Zum Beispiel j.okafor, ohne Leerzeichen.
setup-name-wrong = Geben Sie einen Namen ohne Leerzeichen zum Anmelden ein
setup-display = Ihr Name
setup-display-hint = So, wie man Sie nennt.
setup-display-wrong = Geben Sie Ihren Namen ein, so wie man Sie nennt
setup-email = Ihre private E-Mail-Adresse
setup-email-hint = Eine Adresse, die Sie ohne dieses Konto öffnen können.
setup-button = Konto anlegen
setup-done-title = Ihr Konto ist da
setup-done-text = Sie melden sich als { $name } an. Der Code zum Einrichten ist verbraucht, und diese Seite auch.
setup-done-ways = Melden Sie sich an, und richten Sie Ihre Wege zurück ein
