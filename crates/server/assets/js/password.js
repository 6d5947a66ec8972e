// Judges a new password while it is typed, on our own server, after a pause. The answer is
// {"rules": {"length": true, …}, "say": "…"}; saving is judged again, so nothing depends on this.
document.querySelectorAll('input[data-check]').forEach(input => {
  const url = new URL(input.dataset.check, location.href);
  if (url.origin !== location.origin) return;
  const said = document.getElementById(input.id + '-said');
  const rules = document.querySelectorAll('[data-rule]');
  let timer, running;

  const show = (item, met) => {
    const state = item.querySelector('em') ?? item.lastElementChild.appendChild(document.createElement('em'));
    item.classList.toggle('is-met', met);
    state.textContent = ' ' + (met ? input.dataset.met : input.dataset.unmet);
  };
  const check = async () => {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams({ 'new-password': input.value }),
        signal: running.signal,
        cache: 'no-store',
        redirect: 'error',
      });
      if (!answer.ok) return;
      const { rules: met, say } = await answer.json();
      rules.forEach(item => show(item, met[item.dataset.rule] === true));
      said.textContent = say ?? '';
    } catch { /* typing went on, or the network is away: saving will tell */ }
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(check, 500);
  });
});
