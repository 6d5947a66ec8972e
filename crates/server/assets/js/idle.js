// Two minutes before a session ends for want of use, the page says so and offers to stay. What was typed stays where it is (WCAG 2.2.1).
const box = document.querySelector('[data-idle]');
const [said, button] = [box.querySelector('p'), box.querySelector('button')];
const EARLY = 120000;
let warning, end;

const arm = () => {
  const idle = Number(box.dataset.idle);
  clearTimeout(warning);
  clearTimeout(end);
  box.hidden = true;
  const words = idle < EARLY ? box.dataset.less : box.dataset.soon;
  warning = setTimeout(() => { box.hidden = false; said.textContent = words; }, Math.max(0, idle - EARLY));
  end = setTimeout(over, idle);
};
const over = () => {
  box.hidden = false;
  said.textContent = box.dataset.over;
  button.hidden = true;
};

button.addEventListener('click', async () => {
  const answer = await fetch(box.dataset.stay, { method: 'POST', redirect: 'manual' }).catch(() => undefined);
  // Whoever is signed out is sent on to sign in. Any other answer, or none, says nothing about that.
  if (answer?.type === 'opaqueredirect') return over();
  if (answer?.status !== 200) return void (said.textContent = box.dataset.away);
  box.dataset.idle = (await answer.json()).idle;
  arm();
});
arm();
