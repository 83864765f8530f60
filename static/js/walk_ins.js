// The counter of walk-ins by keyboard: `p` leads to it, and within it each reason has its own key. Without this file
// every button still works.
"use strict";

(() => {
  const counter = document.querySelector("[data-walk-ins]");
  if (!counter) return;
  const form = counter.querySelector("form");
  const said = document.querySelector("#passage-dit");
  const isField = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;
  const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing);
  // On a French keyboard the digits of the top row need Shift: what counts is the key, not what it writes.
  const keyOf = (event) => /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? event.key.toLowerCase();

  document.addEventListener("keydown", (event) => {
    // A line of the board may have its own meaning for this key, and has then taken it.
    if (event.key !== "p" || event.defaultPrevented || !isPlain(event) || isField(event.target)) return;
    event.preventDefault();
    counter.querySelector("[data-key]")?.focus();
  });

  counter.addEventListener("keydown", (event) => {
    if (!isPlain(event) || isField(event.target)) return;
    const button = counter.querySelector(`[data-key="${CSS.escape(keyOf(event))}"]`);
    if (!button) return;
    event.preventDefault();
    // The page around may have a meaning of its own for this key.
    event.stopPropagation();
    if (!event.repeat) button.click();
  });

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    counter.querySelector("[data-key]")?.focus();
  });

  // What was set beside the reasons is for one visit; the next one begins with the usual values.
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) form.reset();
  });
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    counter.addEventListener(failure, () => {
      const sentence = document.createElement("p");
      sentence.className = "status status-danger";
      sentence.textContent = "Rien n’a été enregistré : le serveur n’a pas répondu. Recommencez.";
      said.replaceChildren(sentence);
    });
  }
})();
