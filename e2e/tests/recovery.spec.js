// A whole recovery in a real browser: with script, without script, with the keyboard alone, and in another language half way.
import { test, expect } from '../support/test.js';
import {
  NEW_PASSWORD, backIn, choose, heading, openCase, proceed, proveByApp, proveByAppAndRecoveryCode, proveByRecoveryCode, reference, setPassword,
} from '../support/journey.js';
import { tabTo } from '../support/keyboard.js';

test.use({ part: 'recovery' });

test('ux_02 a standard person gets back in with an app code, a printed code and a new password', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  const number = await openCase(page, person.account);
  await proveByAppAndRecoveryCode(page, demo, person);
  await setPassword(page);
  await backIn(page);
  await expect(page.locator('.ref')).toContainText(number);
  for (const address of [person.private_mail, `${person.account}@northwind.example`]) {
    const told = await demo.mail(address, /password was changed/);
    expect(told.text).toContain(number);
    expect(told.text).not.toContain(NEW_PASSWORD);
  }
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });

  test('ux_132 the whole path works with script off, up to the page that says it is done', async ({ page, demo }) => {
    const person = demo.someone({ app: true, codes: true });
    await openCase(page, person.account);
    await proveByApp(page, demo, person);
    await heading(page, 'How else can you prove it is you?');
    await proveByRecoveryCode(page, person);
    await heading(page, 'Create a new password');
    await expect(page.getByRole('button', { name: 'Show password' })).toBeHidden();
    await setPassword(page);
    // Only the page that waits loads itself again.
    await backIn(page);
  });

  test('ux_132 the passkey page says that it needs script and offers the other ways', async ({ page, demo }) => {
    await openCase(page, demo.someone().account);
    await choose(page, 'Passkey or security key');
    await expect(page.getByText('Passkeys need a newer browser with scripts on.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Use my passkey' })).toBeHidden();
    await page.getByRole('link', { name: 'Choose another way' }).click();
    await heading(page, 'How do you want to prove it is you?');
  });
});

test('ux_51 the whole path works with the keyboard alone, and every stop on the way has its ring', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  const button = name => page.getByRole('button', { name });
  const pick = async way => {
    await tabTo(page, page.getByRole('radio').first());
    const wanted = page.getByRole('radio', { name: way });
    // Arrow keys walk through a group of radio buttons; Space takes the first one without a walk.
    await page.keyboard.press('Space');
    for (let i = 0; i < 10 && !(await wanted.isChecked()); i += 1) await page.keyboard.press('ArrowDown');
    await expect(wanted).toBeChecked();
    await page.keyboard.press('Enter');
  };
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to main content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: 'I forgot my password' }));
  await page.keyboard.press('Enter');
  await heading(page, 'What name do you sign in with?');
  await tabTo(page, page.locator('#name'));
  await page.keyboard.type(person.account);
  await page.keyboard.press('Enter');
  await heading(page, 'How do you want to prove it is you?');
  await pick('Code from your authenticator app');
  await heading(page, 'Enter the code from your app');
  await tabTo(page, page.locator('#code'));
  await page.keyboard.type(await demo.appCode(person.account));
  await tabTo(page, button('Continue'));
  await page.keyboard.press('Enter');
  await heading(page, 'How else can you prove it is you?');
  await pick('One of your saved recovery codes');
  await heading(page, 'Enter one recovery code');
  await tabTo(page, page.locator('#code'));
  await page.keyboard.type(person.recovery_codes.pop().toLowerCase());
  await page.keyboard.press('Enter');
  await heading(page, 'Create a new password');
  await tabTo(page, page.locator('#new-password'));
  await page.keyboard.type(NEW_PASSWORD);
  await tabTo(page, button('Show password'));
  await page.keyboard.press('Enter');
  await expect(page.locator('#new-password')).toHaveAttribute('type', 'text');
  await tabTo(page, button('Save new password'));
  await page.keyboard.press('Enter');
  await backIn(page);
});

test('ux_10 another language keeps the place, also after a problem in a form', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  const number = await openCase(page, person.account);
  await choose(page, 'Code from your authenticator app');
  await heading(page, 'Enter the code from your app');
  await proceed(page);
  await expect(page).toHaveTitle(/^Error: /);
  const path = new URL(page.url()).pathname;
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  expect(new URL(page.url()).pathname).toBe(path);
  expect(await reference(page)).toBe(number);
  await page.locator('#code').fill(await demo.appCode(person.account));
  await page.getByRole('button', { name: 'Weiter' }).click();
  await heading(page, 'Wie können Sie es noch zeigen?');
  await page.getByRole('button', { name: 'English' }).click();
  await heading(page, 'How else can you prove it is you?');
});

for (const [door, heading_, where] of [
  ['My account is locked', 'What name do you sign in with?', 'Unlock your account'],
  ['I lost my phone or security key', 'What name do you sign in with?', 'Replace a lost phone or key'],
]) {
  test(`ux_29 the door "${door}" is kept when the name is missing and the language changes`, async ({ page }) => {
    await page.goto('/');
    await page.getByRole('link', { name: door }).click();
    await proceed(page);
    await expect(page).toHaveTitle(/^Error: /);
    await heading(page, heading_);
    await expect(page.locator('h1 .caption')).toHaveText(where);
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
    await page.getByRole('button', { name: 'English' }).click();
    await expect(page.locator('h1 .caption')).toHaveText(where);
  });
}

test('ux_29 a refused password says why, is gone from the field, and nothing else has to be done again', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account);
  await proveByAppAndRecoveryCode(page, demo, person);
  for (const [typed, cause] of [
    ['', 'Enter a new password'],
    ['short', 'Password must be 15 characters or more'],
    ['password password password', /appeared in a known data breach|easy to guess/],
    [`${person.account} ${person.account} 2026`, 'This password is made of names and nothing else.'],
  ]) {
    await setPassword(page, typed);
    const summary = page.getByRole('alert');
    await expect(summary).toContainText(cause);
    await expect(page).toHaveTitle(/^Error: /);
    await expect(summary).toBeFocused();
    await expect(page.locator('#new-password')).toHaveValue('');
    await expect(page.locator('#new-password-error')).toContainText(cause);
    await summary.getByRole('link').click();
    await expect(page.locator('#new-password')).toBeFocused();
  }
  await setPassword(page);
  await backIn(page);
});

test('ux_23 showing the password is a button that says what it does, and it hides again on the way', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  let comes;
  const typed = new Promise(resolve => { comes = resolve; });
  await page.route(/password.*\.js/, async route => {
    await typed;
    await route.continue();
  });
  await openCase(page, person.account);
  await proveByAppAndRecoveryCode(page, demo, person);
  const field = page.locator('#new-password');
  const show = page.getByRole('button', { name: 'Show password' });
  // What is typed is judged on our own server, and shown in words: also what was there before the script was.
  await field.fill(NEW_PASSWORD);
  comes();
  await expect(page.locator('[data-rule=length]')).toContainText('done');
  await expect(page.getByRole('status')).toContainText(/guess|Fair|Good|Strong/);
  await show.click();
  await expect(field).toHaveAttribute('type', 'text');
  await expect(page.getByRole('status')).toContainText('Your password is visible');
  await page.getByRole('button', { name: 'Hide password' }).click();
  await expect(field).toHaveAttribute('type', 'password');
  await expect(page.getByRole('status')).toContainText('Your password is hidden');
  // Whoever comes back to the page, or sends it, leaves no password in clear on the screen.
  await show.click();
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await expect(field).toHaveAttribute('type', 'password');
  await show.click();
  await field.evaluate(input => {
    input.form.addEventListener('submit', event => event.preventDefault(), { once: true });
    input.form.requestSubmit();
  });
  await expect(field).toHaveAttribute('type', 'password');
});

test('ux_14 a code is taken with spaces, dashes, full-width digits and by paste', async ({ page, demo, context }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account);
  await choose(page, 'Code from your authenticator app');
  const code = await demo.appCode(person.account);
  const wide = [...code].map(digit => String.fromCharCode(0xFF10 + Number(digit))).join('');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(text => navigator.clipboard.writeText(text), ` ${wide.slice(0, 3)} - ${code.slice(3)} `);
  await page.locator('#code').focus();
  await page.keyboard.press('ControlOrMeta+V');
  await proceed(page);
  await heading(page, 'How else can you prove it is you?');
});

test('ux_130 a person is written to in their own language, whatever the language of the page', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true, language: 'de' });
  await openCase(page, person.account);
  const work = await demo.newest(`${person.account}@northwind.example`, mail => mail.notMe, 'a notice');
  expect(work.subject).toMatch(/Konto|Passwort|zurücksetzen/);
  await choose(page, 'Link and code by email');
  await heading(page, 'Check your email');
  const mail = await demo.linkMail(person.private_mail);
  expect(mail.text).toContain('Niemand vom Service-Desk');
});
