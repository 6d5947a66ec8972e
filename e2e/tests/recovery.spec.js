// A whole recovery in a real browser: with script, without script, with the keyboard alone, and in another language half way.
import { test, expect } from '../support/test.js';
import {
  DOORS, NEW_PASSWORD, backIn, choose, heading, openCase, proceed, proveByApp, proveByAppAndRecoveryCode, proveByRecoveryCode, setPassword,
} from '../support/journey.js';

test('ux_02 a standard person gets back in with an app code, a printed code and a new password', async ({ page, demo }) => {
  const person = demo.someone({ app: true, codes: true });
  const reference = await openCase(page, person.account);
  await proveByAppAndRecoveryCode(page, demo, person);
  await setPassword(page);
  await backIn(page);
  await expect(page.locator('.ref')).toContainText(reference);
  const told = await demo.mail(person.private_mail, /password was changed/);
  expect(told.text).toContain(reference);
});
