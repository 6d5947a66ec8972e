// A person's browser without a browser: forms and cookies alone. Parks cases at every page that can be come back to.
import { expect } from '@playwright/test';

export class Visitor {
  static async start(playwright, demo) {
    const request = await playwright.request.newContext({
      baseURL: demo.url,
      extraHTTPHeaders: { origin: demo.url, 'accept-language': 'en' },
    });
    return new Visitor(request, demo);
  }

  constructor(request, demo) {
    this.request = request;
    this.demo = demo;
  }

  async post(path, form, status = 200) {
    const answer = await this.request.post(path, { form });
    expect(answer.status(), `POST ${path}`).toBe(status);
    return new URL(answer.url()).pathname;
  }

  /** Opens a case; `forgot`, `locked` or `lost`. */
  async open(person, door = 'forgot') {
    this.person = person;
    const path = await this.post('/recover', { name: person.account ?? person, for: door });
    this.base = path.replace(/\/how$/, '');
    return this;
  }

  async signIn(person) {
    this.person = person;
    await this.request.post('/sign-in', { form: { name: person.account, password: person.password } });
    await expect.poll(async () => new URL((await this.request.get('/sign-in/wait')).url()).pathname).toBe('/me');
    return this;
  }

  /** Begins a change of the account, and waits until its case asks for a proof. */
  async begin(path) {
    const answer = await this.request.post(path, { form: {} });
    this.base = /^\/recover\/KW-[^/]+/.exec(new URL(answer.url()).pathname)[0];
    await expect.poll(async () => new URL((await this.request.get(this.base)).url()).pathname).toBe(`${this.base}/how`);
    return this;
  }

  async app() {
    await this.post(`${this.base}/app`, { code: await this.demo.appCode(this.person.account) });
    return this;
  }

  async recoveryCode() {
    await this.post(`${this.base}/recovery-code`, { code: this.person.recovery_codes.pop() });
    return this;
  }

  async askForMail() {
    await this.post(`${this.base}/how`, { way: 'email' });
    return this.demo.linkMail(this.person.private_mail);
  }

  async password(text) {
    await this.post(`${this.base}/new/password`, { 'new-password': text });
    await expect.poll(async () => new URL((await this.request.get(this.base)).url()).pathname).toBe(`${this.base}/done`);
    return this;
  }

  async stop() {
    await this.post(`${this.base}/stop`, {}, 410);
    return this;
  }

  cookies() {
    return this.request.storageState();
  }

  async end() {
    await this.request.dispose();
  }
}
