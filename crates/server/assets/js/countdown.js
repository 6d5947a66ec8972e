// "You can send it again in 24 seconds." Without script the page names the time instead.
document.querySelectorAll('[data-countdown]').forEach(node => {
  const end = Date.parse(node.dataset.countdown);
  const button = node.parentElement.querySelector('button');
  // The clock of this device may be wrong by hours; a minute is the most that is ever asked for.
  const start = Date.now();
  const whole = Math.min(Math.max(end - start, 0), 60000);
  const tick = () => {
    const left = Math.ceil((whole - (Date.now() - start)) / 1000);
    node.hidden = left <= 0;
    button.hidden = left > 0;
    node.textContent = node.dataset.left.replace('#', left);
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
});
