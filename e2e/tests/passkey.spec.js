// Passkeys in a real browser with a virtual authenticator: what a person sees when the window is closed, empty or not there.
import { test, expect } from '../support/test.js';
import { choose, heading, openCase, proveByApp } from '../support/journey.js';
import { authenticator } from '../support/authenticator.js';

test.use({ part: 'passkey' });

const CLOSED = 'You closed the passkey window. Nothing has changed. You can try again or choose another way.';

async function passkeyPage(page, demo) {
  const person = demo.someone({ app: true });
  await openCase(page, person.account);
  await choose(page, 'Passkey or security key');
  await heading(page, 'Use your passkey');
  return person;
}

test('ux_35 a passkey window that is closed says that nothing has changed and leaves the other ways (ux_34)', async ({ page, demo }) => {
  const held = await authenticator(page);
  const person = await passkeyPage(page, demo);
  await expect(page.getByText('Your device will ask for your fingerprint')).toBeVisible();
  await page.getByRole('button', { name: 'Use my passkey' }).click();
  // The authenticator holds no passkey for this site, and the person can do nothing in the window but close it.
  await expect(page.getByRole('status')).toHaveText(CLOSED, { timeout: 90_000 });
  expect(await held.credentials()).toEqual([]);
  await page.getByRole('link', { name: 'Choose another way' }).click();
  await heading(page, 'How do you want to prove it is you?');
  await proveByApp(page, demo, person);
  await expect(page.getByText('You have shown 1 of 2 proofs')).toBeVisible();
});

test('ux_36 where the browser cannot read options from JSON, the button stays away and the other ways remain', async ({ page, demo }) => {
  await page.addInitScript(() => { delete PublicKeyCredential.parseRequestOptionsFromJSON; });
  await passkeyPage(page, demo);
  await expect(page.getByRole('button', { name: 'Use my passkey' })).toBeHidden();
  await expect(page.getByText('Passkeys need a newer browser with scripts on.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Choose another way' })).toBeVisible();
});

test('ux_35 an answer that shows nothing is said in the same words for every name, and asks again', async ({ page, demo }) => {
  await passkeyPage(page, demo);
  await page.locator('form[data-passkey]').evaluate(form => {
    form.elements.credential.value = '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}';
    form.submit();
  });
  await expect(page.getByRole('alert')).toContainText('That passkey did not show it is you, or it took too long. Try again');
  await expect(page.getByRole('button', { name: 'Use my passkey' })).toBeVisible();
});
