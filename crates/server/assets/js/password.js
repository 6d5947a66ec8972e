// Judges a new password while it is typed, on our own server, after a pause. The answer is
// {"rules": {"length": true, …}, "say": "…"}; saving is judged again, so nothing depends on this.
document.querySelectorAll('input[data-check]').forEach(input => {
  const url = new URL(input.dataset.check, location.href);
  if (url.origin !== location.origin) return;
  const said = document.getElementById(input.id + '-said');
  const rules = document.querySelectorAll('[data-rule]');
  // Where the name is typed beside it, the password must not be that name.
  const name = input.form.elements.name;
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
        body: new URLSearchParams({ 'new-password': input.value, ...(name && { name: name.value }) }),
        signal: running.signal,
        cache: 'no-store',
        redirect: 'error',
      });
      if (!answer.ok) throw answer;
      const { rules: met, say } = await answer.json();
      rules.forEach(item => show(item, met[item.dataset.rule] === true));
      said.textContent = say ?? '';
    } catch (problem) {
      // Typing went on, or nothing can be said of it: saving will tell. A server or a network that is away for a moment is asked again.
      if (problem.name !== 'AbortError' && (problem.status ?? 503) === 503) later(3000);
    }
  };
  const later = pause => {
    clearTimeout(timer);
    timer = setTimeout(check, pause);
  };
  input.addEventListener('input', () => later(500));
  name?.addEventListener('input', () => input.value && later(500));
  // Typed, or put back by the browser, before this was here.
  if (input.value) later(0);
});
