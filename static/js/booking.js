// A person to be created takes the words of the search as her name, as long as nobody typed another one. Without this
// file the server fills the fields when the search is sent by its button.
"use strict";

const fillNewPerson = () => {
  const radio = document.querySelector('[name="who"][value="new"]');
  if (!radio?.checked) return;
  for (const name of ["last_name", "first_name", "phone", "email"]) {
    const field = document.querySelector(`#id_${name}`);
    const isOurs = field.value === "" || field.value === field.dataset.guessed;
    if (!isOurs) continue;
    field.value = radio.getAttribute(`data-${name}`) ?? "";
    field.dataset.guessed = field.value;
  }
};

document.addEventListener("change", (event) => {
  if (event.target.name === "who") fillNewPerson();
});
document.addEventListener("htmx:afterSettle", fillNewPerson);
