/** Login: a click on a demo person fills the form in and logs in. */

const form = document.querySelector("form");
const chips = document.querySelector(".chips");

chips?.addEventListener("click", ({ target }) => {
  const { name } = target.dataset;
  if (!name) return;
  form.username.value = name;
  form.password.value = chips.dataset.password;
  form.requestSubmit();
});
