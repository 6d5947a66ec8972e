// Rules about pages that only a browser can show: what is asked, what a form takes, what is said aloud, and what a person has to do at least.
import { test, expect } from '../support/test.js';
import {
  NEW_PASSWORD, backIn, choose, heading, openCase, proceed, proveByAppAndRecoveryCode, proveByRecoveryCode, setPassword,
} from '../support/journey.js';
import { authenticator } from '../support/authenticator.js';

test.use({ part: 'pages' });

test('ux_09 nothing is asked twice in one case', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  const asked = [];
  page.on('domcontentloaded', async () => {
    const labels = await page.locator('main input:visible:not([type=radio])').evaluateAll(all => all.map(input => input.labels[0].innerText)).catch(() => []);
    asked.push(...labels);
  });
  await openCase(page, person.account);
  await proveByAppAndRecoveryCode(page, demo, person);
  await setPassword(page);
  await backIn(page);
  // The caption over a question says what the case is for.
  expect(asked.map(label => label.split('\n').pop())).toEqual([
    'What name do you sign in with?', '6-digit code', 'Enter one recovery code', 'New password',
  ]);
});

test('ux_27 a password of 256 characters can be pasted, dropped and filled in, and its form is gone afterwards (ux_26, ux_30)', async ({ page, demo, context }) => {
  const person = demo.someone({ app: true, codes: true });
  await openCase(page, person.account);
  await proveByAppAndRecoveryCode(page, demo, person);
  const field = page.locator('#new-password');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(text => navigator.clipboard.writeText(text), NEW_PASSWORD);
  await field.focus();
  await page.keyboard.press('ControlOrMeta+V');
  await expect(field).toHaveValue(NEW_PASSWORD);
  // Nothing on the page keeps the browser from doing what it does with these.
  const kept = await field.evaluate(input => ['paste', 'drop', 'dragover', 'beforeinput', 'keydown', 'contextmenu']
    .filter(kind => !input.dispatchEvent(new Event(kind, { bubbles: true, cancelable: true }))));
  expect(kept).toEqual([]);
  // As a password manager does it: the value is there at once, without a key being pressed.
  const filled = Array.from({ length: 60 }, (_, i) => `w${i * 7919}`).join(' ').slice(0, 255).trim().padEnd(256, 'x');
  await field.evaluate((input, text) => {
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, filled);
  const [answer] = await Promise.all([
    page.waitForResponse(one => one.request().method() === 'POST' && one.url().endsWith('/new/password')),
    page.getByRole('button', { name: 'Save new password' }).click(),
  ]);
  expect(answer.status()).toBe(303);
  await backIn(page);
  await expect(page.locator('input[type=password], #new-password')).toHaveCount(0);
  await page.goto('/sign-in');
  await page.locator('#name').fill(person.account);
  await page.locator('#password').fill(filled);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await heading(page, 'My ways back in');
});

test('ux_41 a problem takes the focus, leads to its field, and says the same in both places', async ({ page }) => {
  for (const [path, field, error] of [
    ['/recover?for=forgot', '#name', '#name-error'], ['/status', '#reference', '#reference-error'], ['/sign-in', '#name', '#sign-in-error'],
  ]) {
    await page.goto(path);
    await page.locator('main form button.btn:not([type=button])').first().click();
    await expect(page).toHaveTitle(/^Error: /);
    const summary = page.getByRole('alert').filter({ hasText: 'There is a problem' });
    await expect(summary).toBeFocused();
    const words = await summary.getByRole('link').innerText();
    await expect(page.locator(error)).toHaveText(`Error: ${words}`);
    await expect(page.locator(field)).toHaveAttribute('aria-describedby', new RegExp(error.slice(1)));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.locator(field)).toBeFocused();
  }
});

test('ux_45 a button that is pressed twice sends once', async ({ page, demo }) => {
  const person = demo.someone({ app: true });
  const sent = [];
  page.on('request', request => { if (request.method() === 'POST') sent.push(new URL(request.url()).pathname); });
  await page.goto('/recover?for=forgot');
  await page.locator('#name').fill(person.account);
  await page.getByRole('button', { name: 'Continue' }).dblclick();
  await heading(page, 'How do you want to prove it is you?');
  expect(sent).toEqual(['/recover']);
  await demo.mail(`${person.account}@northwind.example`, /Reset requested/);
  expect((await demo.mailbox(`${person.account}@northwind.example`)).filter(mail => /Reset requested/.test(mail.subject))).toHaveLength(1);
});

test('ux_56 a page that waits is led on once, and its news can be stopped', async ({ page, demo }) => {
  let opened = 0;
  let news = '';
  await page.route('**/events?*', route => {
    opened += 1;
    return route.fulfill({ contentType: 'text/event-stream', body: `retry: 50\n\n${news}` });
  });
  const number = await openCase(page, demo.someone({ app: true }).account);
  await page.goto(`/status/${number}`);
  await expect.poll(() => opened).toBeGreaterThan(1);

  await page.getByRole('button', { name: 'Stop live updates' }).click();
  const stopped = opened;
  // A stream that is open begins anew after 50 ms; a page that has been loaded five times meanwhile is later than that.
  for (let i = 0; i < 5; i += 1) await page.evaluate(() => fetch('/help').then(answer => answer.text()));
  expect(opened).toBeLessThanOrEqual(stopped + 1);
  await page.getByRole('button', { name: 'Start live updates' }).click();
  await expect.poll(() => opened).toBeGreaterThan(stopped + 1);

  const seen = [];
  page.on('framenavigated', frame => seen.push(new URL(frame.url()).pathname));
  const to = `/recover/${number}/how`;
  news = `event: go\ndata: ${JSON.stringify({ to })}\n\n`;
  await heading(page, 'How do you want to prove it is you?');
  expect(seen).toEqual([to]);
});

test('ux_67 a message that is read on another device leads back to the page that is open', async ({ page, demo, browser }) => {
  const person = demo.someone({ app: true });
  await openCase(page, person.account);
  await choose(page, 'Link and code by email');
  const mail = await demo.linkMail(person.private_mail);
  const phone = await browser.newContext({ baseURL: demo.url, locale: 'en-GB', viewport: { width: 390, height: 800 } });
  const other = await phone.newPage();
  await other.goto(mail.link);
  await heading(other, 'Open this link where you started');
  await expect(other.getByText('type the code from the same message there')).toBeVisible();
  await phone.close();
  await page.locator('#code').fill(mail.code);
  await proceed(page);
  await expect(page.getByText('You have shown 1 of 2 proofs')).toBeVisible();
});

test('ux_68 with a passkey it takes five pages to act on', async ({ page, demo }) => {
  await authenticator(page);
  const person = demo.someone({ app: false, codes: false, mail: false });
  const signIn = async () => {
    await page.goto('/sign-in');
    await page.locator('#name').fill(person.account);
    await page.locator('#password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await heading(page, 'My ways back in');
  };
  await signIn();
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await proceed(page);
  await choose(page, 'Link and code by email');
  const mail = await demo.linkMail(`${person.account}@northwind.example`);
  await page.locator('#code').fill(mail.code);
  await proceed(page);
  await page.getByRole('button', { name: 'Create a passkey' }).click();
  await expect(page).toHaveURL(/\/(done|me)(\?|$)/);

  await page.goto('/');
  const acted = [];
  const act = async what => {
    acted.push(new URL(page.url()).pathname.replace(/KW-[^/]+/, 'CASE'));
    await what();
  };
  const began = Date.now();
  await act(() => page.getByRole('link', { name: 'I forgot my password' }).click());
  await heading(page, 'What name do you sign in with?');
  await act(async () => { await page.locator('#name').fill(person.account); await proceed(page); });
  await heading(page, 'How do you want to prove it is you?');
  await act(() => choose(page, 'Passkey or security key'));
  await heading(page, 'Use your passkey');
  await act(() => page.getByRole('button', { name: 'Use my passkey' }).click());
  await heading(page, 'Create a new password');
  await act(() => setPassword(page));
  await backIn(page);
  expect(acted).toEqual(['/', '/recover', '/recover/CASE/how', '/recover/CASE/passkey', '/recover/CASE/new/password']);
  console.log(`FIGURE UX-68: ${acted.length} pages, ${((Date.now() - began) / 1000).toFixed(1)} s for a script`);
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });

  test('ux_132 a message is asked for, asked for again and typed with script off', async ({ page, demo }) => {
    const person = demo.someone({ app: true, codes: true });
    await openCase(page, person.account);
    await choose(page, 'Link and code by email');
    await heading(page, 'Check your email');
    await page.getByRole('button', { name: 'Send it again' }).click();
    await expect(page.getByText('a new message is on its way')).toBeVisible();
    const mail = await demo.linkMail(person.private_mail);
    await page.locator('#code').fill('12');
    await proceed(page);
    await expect(page.getByRole('alert')).toContainText('Enter all 6 numbers');
    await page.locator('#code').fill(mail.code);
    await proceed(page);
    await heading(page, 'How else can you prove it is you?');
    await proveByRecoveryCode(page, person);
    await heading(page, 'Create a new password');
  });
});
